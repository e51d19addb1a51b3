"""Tags of users, roles, policies, devices, providers, instance profiles and certificates."""

from typing import Any

from msgspec import Struct, structs

from bargate.records.iam_role import ROLE
from bargate.records.iam_user import USER
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import MANAGED_POLICY
from bargate.records.mfa_device import MFA_DEVICE
from bargate.records.oidc_provider import OIDC_PROVIDER
from bargate.records.saml_provider import SAML_PROVIDER
from bargate.records.server_certificate import SERVER_CERTIFICATE
from bargate.services.iam.instance_profile import the_profile
from bargate.services.iam.lookup import (
    a_changeable_policy,
    a_changeable_role,
    the_role,
    the_user,
)
from bargate.services.iam.oidc_provider import the_oidc_provider
from bargate.services.iam.pages import in_memory, page
from bargate.services.iam.saml_provider import the_saml_provider
from bargate.services.iam.server_certificate import the_certificate
from bargate.services.iam.tagging import merged, without
from bargate.services.iam.virtual_mfa_device import the_device
from bargate.services.operation import OperationCall, Params, operation
from bargate.store.kind import Kind


class Tagged(Struct, frozen=True):
    """Something with tags; the keys of users and roles are told apart without their case."""

    kind: Kind[Any]
    record: Any
    fold: bool = False


def _user(call: OperationCall, request: Params) -> Tagged:
    return Tagged(USER, the_user(call, request["UserName"]), fold=True)


def _role(call: OperationCall, request: Params, *, changing: bool = False) -> Tagged:
    find = a_changeable_role if changing else the_role
    return Tagged(ROLE, find(call, request["RoleName"]), fold=True)


def _policy(call: OperationCall, request: Params) -> Tagged:
    return Tagged(MANAGED_POLICY, a_changeable_policy(call, request["PolicyArn"]))


def _device(call: OperationCall, request: Params) -> Tagged:
    return Tagged(MFA_DEVICE, the_device(call, request["SerialNumber"]))


def _oidc(call: OperationCall, request: Params) -> Tagged:
    return Tagged(OIDC_PROVIDER, the_oidc_provider(call, request["OpenIDConnectProviderArn"]))


def _saml(call: OperationCall, request: Params) -> Tagged:
    return Tagged(SAML_PROVIDER, the_saml_provider(call, request["SAMLProviderArn"]))


def _profile(call: OperationCall, request: Params) -> Tagged:
    return Tagged(INSTANCE_PROFILE, the_profile(call, request["InstanceProfileName"]))


def _certificate(call: OperationCall, request: Params) -> Tagged:
    return Tagged(SERVER_CERTIFICATE, the_certificate(call, request["ServerCertificateName"]))


@operation(writes=True)
def tag_user(call: OperationCall, request: Params) -> Params:
    """Add tags to a user."""
    return _tag(call, _user(call, request), request)


@operation(writes=True)
def untag_user(call: OperationCall, request: Params) -> Params:
    """Remove tags of a user."""
    return _untag(call, _user(call, request), request)


@operation()
def list_user_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a user."""
    return _list(_user(call, request), request)


@operation(writes=True)
def tag_role(call: OperationCall, request: Params) -> Params:
    """Add tags to a role."""
    return _tag(call, _role(call, request, changing=True), request)


@operation(writes=True)
def untag_role(call: OperationCall, request: Params) -> Params:
    """Remove tags of a role."""
    return _untag(call, _role(call, request, changing=True), request)


@operation()
def list_role_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a role."""
    return _list(_role(call, request), request)


@operation(writes=True)
def tag_policy(call: OperationCall, request: Params) -> Params:
    """Add tags to a customer managed policy."""
    return _tag(call, _policy(call, request), request)


@operation(writes=True)
def untag_policy(call: OperationCall, request: Params) -> Params:
    """Remove tags of a customer managed policy."""
    return _untag(call, _policy(call, request), request)


@operation()
def list_policy_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a customer managed policy."""
    return _list(_policy(call, request), request)


@operation(writes=True)
def tag_mfa_device(call: OperationCall, request: Params) -> Params:
    """Add tags to a virtual MFA device."""
    return _tag(call, _device(call, request), request)


@operation(writes=True)
def untag_mfa_device(call: OperationCall, request: Params) -> Params:
    """Remove tags of a virtual MFA device."""
    return _untag(call, _device(call, request), request)


@operation()
def list_mfa_device_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a virtual MFA device."""
    return _list(_device(call, request), request)


@operation(writes=True)
def tag_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Add tags to an OIDC provider."""
    return _tag(call, _oidc(call, request), request)


@operation(writes=True)
def untag_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Remove tags of an OIDC provider."""
    return _untag(call, _oidc(call, request), request)


@operation()
def list_open_id_connect_provider_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of an OIDC provider."""
    return _list(_oidc(call, request), request)


@operation(writes=True)
def tag_saml_provider(call: OperationCall, request: Params) -> Params:
    """Add tags to a SAML provider."""
    return _tag(call, _saml(call, request), request)


@operation(writes=True)
def untag_saml_provider(call: OperationCall, request: Params) -> Params:
    """Remove tags of a SAML provider."""
    return _untag(call, _saml(call, request), request)


@operation()
def list_saml_provider_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a SAML provider."""
    return _list(_saml(call, request), request)


@operation(writes=True)
def tag_instance_profile(call: OperationCall, request: Params) -> Params:
    """Add tags to an instance profile."""
    return _tag(call, _profile(call, request), request)


@operation(writes=True)
def untag_instance_profile(call: OperationCall, request: Params) -> Params:
    """Remove tags of an instance profile."""
    return _untag(call, _profile(call, request), request)


@operation()
def list_instance_profile_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of an instance profile."""
    return _list(_profile(call, request), request)


@operation(writes=True)
def tag_server_certificate(call: OperationCall, request: Params) -> Params:
    """Add tags to a server certificate."""
    return _tag(call, _certificate(call, request), request)


@operation(writes=True)
def untag_server_certificate(call: OperationCall, request: Params) -> Params:
    """Remove tags of a server certificate."""
    return _untag(call, _certificate(call, request), request)


@operation()
def list_server_certificate_tags(call: OperationCall, request: Params) -> Params:
    """List the tags of a server certificate."""
    return _list(_certificate(call, request), request)


def _tag(call: OperationCall, tagged: Tagged, request: Params) -> Params:
    tags = merged(tagged.record.tags, request["Tags"], fold=tagged.fold)
    return _replace(call, tagged, tags)


def _untag(call: OperationCall, tagged: Tagged, request: Params) -> Params:
    return _replace(call, tagged, without(tagged.record.tags, request["TagKeys"], fold=tagged.fold))


def _replace(call: OperationCall, tagged: Tagged, tags: dict[str, str]) -> Params:
    key = tagged.kind.key_of(tagged.record)
    call.tx.update(tagged.kind, key, lambda record: structs.replace(record, tags=tags))
    return {}


def _list(tagged: Tagged, request: Params) -> Params:
    # The place is the tag's number: its key may be too long for a marker.
    tags = list(tagged.record.tags.items())
    numbered = ((f"{index:03d}", tag) for index, tag in enumerate(tags))
    found = page(request, [in_memory(numbered)])
    shapes = [{"Key": key, "Value": value} for key, value in found.items]
    return {"Tags": shapes, **found.tail}
