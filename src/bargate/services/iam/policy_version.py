"""Versions of managed policies: five at most, one of them the default."""

import re

from msgspec import structs

from bargate.identity.aws_managed_policies import AwsManagedPolicy
from bargate.records.managed_policy import (
    MANAGED_POLICY,
    POLICY_VERSION,
    ManagedPolicy,
    PolicyVersion,
    version_key,
)
from bargate.services.iam.documents import MAX_MANAGED, checked_policy, encoded
from bargate.services.iam.errors import no_such_entity
from bargate.services.iam.lookup import a_changeable_policy, a_policy
from bargate.services.iam.pages import in_memory, page, stored
from bargate.services.operation import OperationCall, Params, operation
from bargate.wire.error import AwsError

MAX_VERSIONS = 5
_VERSION_ID = re.compile(r"v([1-9][0-9]{0,8})(?:\.[A-Za-z0-9-]*)?")


@operation(writes=True)
def create_policy_version(call: OperationCall, request: Params) -> Params:
    """Add a version, as the default if asked."""
    policy = a_changeable_policy(call, request["PolicyArn"])
    document: str = request["PolicyDocument"]
    checked_policy(document, max_size=MAX_MANAGED)
    if len(call.tx.list(POLICY_VERSION, (call.account_id, policy.id))) >= MAX_VERSIONS:
        raise AwsError(
            "LimitExceeded",
            f"A managed policy can have up to {MAX_VERSIONS} versions. Before you create a new"
            " version, you must delete an existing version.",
        )
    number = policy.latest_version + 1
    version = call.tx.create(
        POLICY_VERSION,
        PolicyVersion(
            account_id=call.account_id,
            policy_id=policy.id,
            number=number,
            document=document,
            created_at=call.now,
        ),
    )
    is_default = bool(request.get("SetAsDefault"))
    changed = structs.replace(policy, latest_version=number, updated_at=call.now)
    if is_default:
        changed = structs.replace(changed, default_version=number)
    call.tx.update(MANAGED_POLICY, MANAGED_POLICY.key_of(policy), lambda _: changed)
    return {"PolicyVersion": version_shape(changed, version)}


@operation()
def get_policy_version(call: OperationCall, request: Params) -> Params:
    """Give a version with its document."""
    policy = a_policy(call, request["PolicyArn"])
    version = _version(call, policy, request["VersionId"])
    document = {"Document": encoded(version.document)}
    return {"PolicyVersion": version_shape(policy, version) | document}


@operation()
def list_policy_versions(call: OperationCall, request: Params) -> Params:
    """List versions."""
    policy = a_policy(call, request["PolicyArn"])
    if isinstance(policy, AwsManagedPolicy):
        section = in_memory([("v1", only_version(policy))])
    else:
        section = stored(call.tx, POLICY_VERSION, (call.account_id, policy.id))
    found = page(request, [section])
    return {"Versions": [version_shape(policy, each) for each in found.items], **found.tail}


@operation(writes=True)
def set_default_policy_version(call: OperationCall, request: Params) -> Params:
    """Let another version count, at once and for all that use the policy."""
    policy = a_changeable_policy(call, request["PolicyArn"])
    version = _version(call, policy, request["VersionId"])
    call.tx.update(
        MANAGED_POLICY,
        MANAGED_POLICY.key_of(policy),
        lambda policy: structs.replace(policy, default_version=version.number, updated_at=call.now),
    )
    return {}


@operation(writes=True)
def delete_policy_version(call: OperationCall, request: Params) -> Params:
    """Delete a version that is not the default."""
    policy = a_changeable_policy(call, request["PolicyArn"])
    version = _version(call, policy, request["VersionId"])
    if version.number == policy.default_version:
        raise AwsError("DeleteConflict", "Cannot delete the default version of a policy.")
    call.tx.delete(POLICY_VERSION, POLICY_VERSION.key_of(version))
    return {}


def only_version(policy: AwsManagedPolicy) -> PolicyVersion:
    """Give the one version of an AWS managed policy."""
    return PolicyVersion(
        account_id="aws",
        policy_id=policy.id,
        number=1,
        document=policy.document,
        created_at=policy.created_at,
    )


def _version(
    call: OperationCall, policy: ManagedPolicy | AwsManagedPolicy, version_id: str
) -> PolicyVersion:
    found = _VERSION_ID.fullmatch(version_id)
    number = int(found[1]) if found else 0
    version: PolicyVersion | None
    if isinstance(policy, AwsManagedPolicy):
        version = only_version(policy) if number == 1 else None
    else:
        version = call.tx.find(POLICY_VERSION, version_key(call.account_id, policy.id, number))
    if version is None:
        raise no_such_entity(
            f"Policy {policy.arn} version {version_id} does not exist or is not attachable."
        )
    return version


def version_shape(policy: ManagedPolicy | AwsManagedPolicy, version: PolicyVersion) -> Params:
    """Give a version as lists show it."""
    default = 1 if isinstance(policy, AwsManagedPolicy) else policy.default_version
    return {
        "VersionId": f"v{version.number}",
        "IsDefaultVersion": version.number == default,
        "CreateDate": version.created_at,
    }
