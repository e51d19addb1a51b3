"""All users, groups, roles and policies of an account with what they may do."""

from typing import Any

from bargate.identity.aws_managed_policies import AWS_MANAGED_POLICIES, AwsManagedPolicy
from bargate.records.iam_group import GROUP, MEMBERSHIP, Group
from bargate.records.iam_role import ROLE, Role
from bargate.records.iam_user import USER, User
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import (
    ATTACHMENT,
    MANAGED_POLICY,
    POLICY_VERSION,
    ManagedPolicy,
)
from bargate.services.iam.attachment import attached_shape
from bargate.services.iam.documents import encoded, tag_list
from bargate.services.iam.entity import Entity, entity_of
from bargate.services.iam.group import group_shape
from bargate.services.iam.instance_profile import profile_shape
from bargate.services.iam.managed_policy import policy_shape
from bargate.services.iam.pages import Section, in_memory, page, stored
from bargate.services.iam.policy_version import only_version, version_shape
from bargate.services.iam.role import whole_role
from bargate.services.iam.user import whole_user
from bargate.services.operation import OperationCall, Params, operation

_FILTERS = ("User", "Group", "Role", "LocalManagedPolicy", "AWSManagedPolicy")


@operation()
def get_account_authorization_details(call: OperationCall, request: Params) -> Params:
    """Give a page of everything; of AWS's policies those in use."""
    wanted = request.get("Filter") or _FILTERS
    found = page(request, [_section(call, name) for name in _FILTERS if name in wanted])
    policies = (*found.of("LocalManagedPolicy"), *found.of("AWSManagedPolicy"))
    return {
        "UserDetailList": [_user(call, user) for user in found.of("User")],
        "GroupDetailList": [_group(call, group) for group in found.of("Group")],
        "RoleDetailList": [_role(call, role) for role in found.of("Role")],
        "Policies": [_policy(call, policy) for policy in policies],
        **found.tail,
    }


def _section(call: OperationCall, name: str) -> Section:
    own = (call.account_id,)
    match name:
        case "User":
            return stored(call.tx, USER, own, "name", name=name)
        case "Group":
            return stored(call.tx, GROUP, own, "name", name=name)
        case "Role":
            return stored(call.tx, ROLE, own, "name", name=name)
        case "LocalManagedPolicy":
            return stored(call.tx, MANAGED_POLICY, own, name=name)
    return in_memory(_used_aws_policies(call), name=name)


def _used_aws_policies(call: OperationCall) -> list[tuple[str, AwsManagedPolicy]]:
    return [
        (policy.name, policy)
        for policy in AWS_MANAGED_POLICIES.values()
        if call.tx.count(ATTACHMENT, (call.account_id, "PermissionsPolicy", policy.arn))
        or call.tx.count(ATTACHMENT, (call.account_id, "PermissionsBoundary", policy.arn))
    ]


def _policies(call: OperationCall, entity: Entity) -> Params:
    inline = call.tx.list(INLINE_POLICY, entity.key)
    uses = call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"))
    return {
        f"{entity.kind.capitalize()}PolicyList": [
            {"PolicyName": each.name, "PolicyDocument": encoded(each.document)} for each in inline
        ],
        "AttachedManagedPolicies": [attached_shape(use.policy_arn) for use in uses],
    }


def _user(call: OperationCall, user: User) -> Params:
    shape = whole_user(call, user) | _policies(call, entity_of("user", user))
    shape.pop("PasswordLastUsed", None)
    memberships = call.tx.list_by(MEMBERSHIP, "user", USER.key_of(user))
    groups = [call.tx.get(GROUP, (each.account_id, each.group_id)) for each in memberships]
    shape["GroupList"] = [group.name for group in groups]
    shape["Tags"] = tag_list(user.tags)
    return shape


def _group(call: OperationCall, group: Group) -> Params:
    return group_shape(group) | _policies(call, entity_of("group", group))


def _role(call: OperationCall, role: Role) -> Params:
    shape = whole_role(call, role) | _policies(call, entity_of("role", role))
    for member in ("Description", "MaxSessionDuration"):
        shape.pop(member, None)
    profiles = call.tx.list_by(INSTANCE_PROFILE, "role", ROLE.key_of(role))
    shape["InstanceProfileList"] = [profile_shape(call, profile) for profile in profiles]
    shape["Tags"] = tag_list(role.tags)
    return shape


def _policy(call: OperationCall, policy: ManagedPolicy | AwsManagedPolicy) -> Params:
    if isinstance(policy, AwsManagedPolicy):
        versions = [only_version(policy)]
    else:
        versions = call.tx.list(POLICY_VERSION, (call.account_id, policy.id))
    shape: dict[str, Any] = policy_shape(call, policy)
    shape["PolicyVersionList"] = [
        version_shape(policy, each) | {"Document": encoded(each.document)} for each in versions
    ]
    return shape
