"""IAM roles."""

from typing import Any

from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.iam_role import ROLE, ROLE_USE, Role
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import ATTACHMENT
from bargate.services.iam.boundary import boundary_shape, set_boundary
from bargate.services.iam.documents import tag_list
from bargate.services.iam.entity import drop_boundary, entity_of
from bargate.services.iam.errors import (
    already_exists,
    delete_conflict,
    limit_exceeded,
    validation_error,
)
from bargate.services.iam.lookup import a_changeable_role, the_role
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.tagging import new_tags
from bargate.services.iam.trust import checked_trust_policy, shown_trust_policy
from bargate.services.operation import OperationCall, Params, operation

MAX_ROLES = 1_000
MIN_SESSION_S = 3_600
MAX_SESSION_S = 43_200
_MAX_NAME = 64
SERVICE_PATH = "/aws-service-role/"


@operation(writes=True)
def create_role(call: OperationCall, request: Params) -> Params:
    """Make a role."""
    path = checked_path(request)
    if path.startswith(SERVICE_PATH):
        raise validation_error("Path must not begin with /aws-service-role/")
    role = Role(
        account_id=call.account_id,
        id=unique_id("AROA"),
        name=checked_name(request, "RoleName", max_length=_MAX_NAME),
        path=path,
        created_at=call.now,
        trust_policy=checked_trust_policy(call.tx, request["AssumeRolePolicyDocument"]),
        partition=call.partition,
        description=request.get("Description"),
        max_session_duration_s=_session_s(request) or MIN_SESSION_S,
        tags=new_tags(request, fold=True),
    )
    add_role(call, role)
    boundary = request.get("PermissionsBoundary")
    if boundary is not None:
        set_boundary(call, entity_of("role", role), boundary)
    return {"Role": whole_role(call, role)}


def add_role(call: OperationCall, role: Role) -> None:
    """Store a new role. Raises AwsError when its name is taken or there are too many."""
    if call.tx.find_by(ROLE, "name", (role.account_id, role.name.lower())) is not None:
        raise already_exists(f"Role with name {role.name} already exists.")
    if call.tx.count(ROLE, (call.account_id,)) >= MAX_ROLES:
        raise limit_exceeded("RolesPerAccount", MAX_ROLES)
    call.tx.create(ROLE, role)


@operation()
def get_role(call: OperationCall, request: Params) -> Params:
    """Give a role."""
    return {"Role": whole_role(call, the_role(call, request["RoleName"]))}


@operation()
def list_roles(call: OperationCall, request: Params) -> Params:
    """List roles by name."""
    prefix = request.get("PathPrefix") or "/"
    found = page(
        request,
        [stored(call.tx, ROLE, (call.account_id,), "name")],
        None if prefix == "/" else lambda role: role.path.startswith(prefix),
    )
    return {"Roles": [role_shape(call, role) for role in found.items], **found.tail}


@operation(writes=True)
def update_role(call: OperationCall, request: Params) -> Params:
    """Change a role's description or longest session."""
    role = a_changeable_role(call, request["RoleName"])
    changes: dict[str, Any] = {}
    if request.get("Description") is not None:
        changes["description"] = request["Description"]
    seconds = _session_s(request)
    if seconds is not None:
        changes["max_session_duration_s"] = seconds
    call.tx.update(ROLE, ROLE.key_of(role), lambda role: structs.replace(role, **changes))
    return {}


@operation(writes=True)
def update_role_description(call: OperationCall, request: Params) -> Params:
    """Change a role's description, as UpdateRole does."""
    role = a_changeable_role(call, request["RoleName"])
    text: str = request["Description"]
    changed = call.tx.update(
        ROLE, ROLE.key_of(role), lambda role: structs.replace(role, description=text)
    )
    return {"Role": role_shape(call, changed)}


@operation(writes=True)
def update_assume_role_policy(call: OperationCall, request: Params) -> Params:
    """Replace a role's trust policy."""
    role = a_changeable_role(call, request["RoleName"])
    kept = checked_trust_policy(call.tx, request["PolicyDocument"])
    call.tx.update(ROLE, ROLE.key_of(role), lambda role: structs.replace(role, trust_policy=kept))
    return {}


@operation(writes=True)
def delete_role(call: OperationCall, request: Params) -> Params:
    """Delete a role without policies and instance profiles."""
    role = a_changeable_role(call, request["RoleName"])
    remove_role(call, role)
    return {}


def remove_role(call: OperationCall, role: Role) -> None:
    """Delete a role. Raises AwsError while something belongs to it."""
    entity = entity_of("role", role)
    if call.tx.list_by(INSTANCE_PROFILE, "role", ROLE.key_of(role), limit=1):
        raise delete_conflict("remove roles from instance profile")
    if call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"), limit=1):
        raise delete_conflict("detach all policies")
    if call.tx.list(INLINE_POLICY, entity.key, limit=1):
        raise delete_conflict("delete policies")
    drop_boundary(call, entity)
    if call.tx.find(ROLE_USE, ROLE.key_of(role)) is not None:
        call.tx.delete(ROLE_USE, ROLE.key_of(role))
    call.tx.delete(ROLE, ROLE.key_of(role))


def _session_s(request: Params) -> int | None:
    seconds: int | None = request.get("MaxSessionDuration")
    if seconds is not None and not MIN_SESSION_S <= seconds <= MAX_SESSION_S:
        raise validation_error(
            f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to"
            f" satisfy constraint: Member must have value between {MIN_SESSION_S} and"
            f" {MAX_SESSION_S}"
        )
    return seconds


def role_shape(call: OperationCall, role: Role) -> Params:
    """Give a role as lists show it."""
    shape: Params = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created_at,
        "AssumeRolePolicyDocument": shown_trust_policy(call.tx, role),
        "MaxSessionDuration": role.max_session_duration_s,
    }
    if role.description is not None:
        shape["Description"] = role.description
    return shape


def whole_role(call: OperationCall, role: Role) -> Params:
    """Give a role with its boundary, tags and last use."""
    shape = role_shape(call, role) | boundary_shape(call, entity_of("role", role))
    if role.tags:
        shape["Tags"] = tag_list(role.tags)
    shape["RoleLastUsed"] = _last_used(call, role)
    return shape


def _last_used(call: OperationCall, role: Role) -> Params:
    use = call.tx.find(ROLE_USE, ROLE.key_of(role))
    return {} if use is None else {"LastUsedDate": use.used_at, "Region": use.region}
