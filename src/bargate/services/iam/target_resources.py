"""The resources that operations are about: ARN and tags, whether they exist or not yet.

A path is known of what exists; of what does not it is the request's, else `/`.
"""

from collections.abc import Callable

from msgspec import Struct

from bargate.identity import find, mfa
from bargate.records.access_key import ACCESS_KEY
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import EntityKind
from bargate.records.oidc_provider import OIDC_PROVIDER
from bargate.records.saml_provider import SAML_PROVIDER
from bargate.records.server_certificate import SERVER_CERTIFICATE
from bargate.services.iam.lookup import calling_user
from bargate.services.operation import OperationCall, Params


class Resource(Struct, frozen=True, kw_only=True):
    """What an operation is about."""

    arn: str
    tags: dict[str, str] = {}
    kind: EntityKind | None = None
    id: str | None = None


NOTHING = Resource(arn="*")
Finder = Callable[[OperationCall, Params], Resource]


def _arn(call: OperationCall, resource: str) -> str:
    return call.arn("iam", resource, region="")


def user_resource(call: OperationCall, request: Params) -> Resource:
    """Take the user that is named, or the one who calls."""
    name = request.get("UserName")
    if name is None:
        user = calling_user(call)
        if user is None:
            return Resource(arn=_arn(call, "root"))
    else:
        user = find.user_named(call.tx, call.account_id, name)
    if user is None:
        return Resource(arn=_arn(call, f"user{request.get('Path') or '/'}{name}"))
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def group_resource(call: OperationCall, request: Params) -> Resource:
    """Take the group that is named."""
    name = request["GroupName"]
    group = find.group_named(call.tx, call.account_id, name)
    if group is None:
        return Resource(arn=_arn(call, f"group{request.get('Path') or '/'}{name}"))
    return Resource(arn=group.arn, kind="group", id=group.id)


def role_resource(call: OperationCall, request: Params) -> Resource:
    """Take the role that is named."""
    name = request["RoleName"]
    role = find.role_named(call.tx, call.account_id, name)
    if role is None:
        return Resource(arn=_arn(call, f"role{request.get('Path') or '/'}{name}"))
    return Resource(arn=role.arn, tags=role.tags, kind="role", id=role.id)


def policy_resource(call: OperationCall, request: Params) -> Resource:
    """Take the managed policy that is named."""
    arn: str = request["PolicyArn"]
    policy = find.policy_of_arn(call.tx, arn)
    return Resource(arn=arn, tags=policy.tags if policy is not None else {})


def new_policy_resource(call: OperationCall, request: Params) -> Resource:
    """Take the managed policy that is to be made."""
    return Resource(arn=_arn(call, f"policy{request.get('Path') or '/'}{request['PolicyName']}"))


def device_resource(call: OperationCall, request: Params) -> Resource:
    """Take the MFA device that is named."""
    serial: str = request["SerialNumber"]
    device = mfa.device_of(call.tx, serial)
    return Resource(arn=serial, tags=device.tags if device is not None else {})


def new_device_resource(call: OperationCall, request: Params) -> Resource:
    """Take the MFA device that is to be made."""
    path = request.get("Path") or "/"
    return Resource(arn=_arn(call, f"mfa{path}{request['VirtualMFADeviceName']}"))


def oidc_resource(call: OperationCall, request: Params) -> Resource:
    """Take the OIDC provider that is named."""
    arn: str = request["OpenIDConnectProviderArn"]
    parsed = find.iam_arn(arn)
    url = parsed.resource.removeprefix("oidc-provider/") if parsed else ""
    provider = call.tx.find(OIDC_PROVIDER, (call.account_id, url))
    return Resource(arn=arn, tags=provider.tags if provider is not None else {})


def new_oidc_resource(call: OperationCall, request: Params) -> Resource:
    """Take the OIDC provider that is to be made."""
    url = request["Url"].removeprefix("https://").rstrip("/")
    return Resource(arn=_arn(call, f"oidc-provider/{url}"))


def saml_resource(call: OperationCall, request: Params) -> Resource:
    """Take the SAML provider that is named."""
    arn: str = request["SAMLProviderArn"]
    parsed = find.iam_arn(arn)
    name = parsed.resource.removeprefix("saml-provider/") if parsed else ""
    provider = call.tx.find(SAML_PROVIDER, (call.account_id, name.lower()))
    return Resource(arn=arn, tags=provider.tags if provider is not None else {})


def new_saml_resource(call: OperationCall, request: Params) -> Resource:
    """Take the SAML provider that is to be made."""
    return Resource(arn=_arn(call, f"saml-provider/{request['Name']}"))


def profile_resource(call: OperationCall, request: Params) -> Resource:
    """Take the instance profile that is named, made or not yet."""
    name: str = request["InstanceProfileName"]
    profile = (
        None if "\0" in name else call.tx.find(INSTANCE_PROFILE, (call.account_id, name.lower()))
    )
    if profile is None:
        return Resource(arn=_arn(call, f"instance-profile{request.get('Path') or '/'}{name}"))
    return Resource(arn=profile.arn, tags=profile.tags)


def certificate_resource(call: OperationCall, request: Params) -> Resource:
    """Take the server certificate that is named, made or not yet."""
    name: str = request["ServerCertificateName"]
    found = (
        None if "\0" in name else call.tx.find(SERVER_CERTIFICATE, (call.account_id, name.lower()))
    )
    if found is None:
        return Resource(arn=_arn(call, f"server-certificate{request.get('Path') or '/'}{name}"))
    return Resource(arn=found.arn, tags=found.tags)


def linked_role_resource(call: OperationCall, request: Params) -> Resource:
    """Take all roles linked to a service: the name is not known yet."""
    service = request["AWSServiceName"]
    return Resource(arn=_arn(call, f"role/aws-service-role/{service}/*"))


def resource_of_arn(member: str) -> Finder:
    """Take the resource from a member that is itself an ARN."""
    return lambda _call, request: Resource(arn=request[member])


def key_owner_resource(call: OperationCall, request: Params) -> Resource:
    """Take the user whose access key is asked about; nothing when there is none."""
    key_id: str = request["AccessKeyId"]
    key = None if "\0" in key_id else call.tx.find_by(ACCESS_KEY, "id", (key_id,))
    user = None if key is None else find.user_of_id(call.tx, key.owner_id)
    if user is None or user.account_id != call.account_id:
        return NOTHING
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def device_owner_resource(call: OperationCall, request: Params) -> Resource:
    """Take the user a device belongs to, whoever asks; a device without one is asked itself."""
    if request.get("UserName") is not None:
        return user_resource(call, request)
    device = mfa.device_of(call.tx, request["SerialNumber"])
    user = None
    if device is not None and device.owner_id is not None:
        user = find.user_of_id(call.tx, device.owner_id)
    if user is None or user.account_id != call.account_id:
        return device_resource(call, request)
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def user_or_all_resource(call: OperationCall, request: Params) -> Resource:
    """Take a user, or all of them."""
    everyone = all_below("user")(call, {})
    return everyone if request.get("AllUsers") else user_resource(call, request)


def all_below(kind: str) -> Finder:
    """Take all things of a kind below the path that is asked for, as `user/` (AWS [O])."""

    def find_all(call: OperationCall, request: Params) -> Resource:
        return Resource(arn=_arn(call, f"{kind}{request.get('PathPrefix') or '/'}"))

    return find_all


def nothing_resource(_call: OperationCall, _request: Params) -> Resource:
    """Take nothing in particular."""
    return NOTHING
