"""IAM users."""

from typing import Any

from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.access_key import ACCESS_KEY
from bargate.records.iam_group import MEMBERSHIP
from bargate.records.iam_user import USER, User
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.login_profile import LOGIN_PROFILE
from bargate.records.managed_policy import ATTACHMENT
from bargate.records.mfa_device import MFA_DEVICE
from bargate.records.service_specific_credential import SERVICE_SPECIFIC_CREDENTIAL
from bargate.records.signing_certificate import SIGNING_CERTIFICATE
from bargate.records.ssh_public_key import SSH_PUBLIC_KEY
from bargate.services.iam.boundary import boundary_shape, set_boundary
from bargate.services.iam.documents import tag_list
from bargate.services.iam.entity import drop_boundary, entity_of
from bargate.services.iam.errors import already_exists, delete_conflict, limit_exceeded
from bargate.services.iam.lookup import owner, root_created_at, the_user
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.store.interface import AlreadyExists
from bargate.store.kind import Kind

MAX_USERS = 5_000
_MAX_NAME = 64
_OWNED: tuple[tuple[Kind[Any], str], ...] = (
    (ACCESS_KEY, "delete access keys"),
    (LOGIN_PROFILE, "delete login profile"),
    (SIGNING_CERTIFICATE, "delete signing certificates"),
    (SSH_PUBLIC_KEY, "delete SSH public keys"),
    (SERVICE_SPECIFIC_CREDENTIAL, "delete service specific credentials"),
)


@operation(writes=True)
def create_user(call: OperationCall, request: Params) -> Params:
    """Make a user."""
    user = User(
        account_id=call.account_id,
        id=unique_id("AIDA"),
        name=checked_name(request, "UserName", max_length=_MAX_NAME),
        path=checked_path(request),
        created_at=call.now,
        partition=call.partition,
        tags=new_tags(request, fold=True),
    )
    if call.tx.find_by(USER, "name", (user.account_id, user.name.lower())) is not None:
        raise already_exists(f"User with name {user.name} already exists.")
    if call.tx.count(USER, (call.account_id,)) >= MAX_USERS:
        raise limit_exceeded("UsersPerAccount", MAX_USERS)
    call.tx.create(USER, user)
    boundary = request.get("PermissionsBoundary")
    if boundary is not None:
        set_boundary(call, entity_of("user", user), boundary)
    return {"User": whole_user(call, user)}


@operation()
def get_user(call: OperationCall, request: Params) -> Params:
    """Give a user, by default the caller; the root user has the account's id."""
    found = owner(call, request)
    if found.name is None:
        return {
            "User": {
                "Path": "/",
                "UserName": "root",
                "UserId": found.id,
                "Arn": found.arn,
                "CreateDate": root_created_at(call),
            }
        }
    return {"User": whole_user(call, the_user(call, found.name))}


@operation()
def list_users(call: OperationCall, request: Params) -> Params:
    """List users by name."""
    prefix = request.get("PathPrefix") or "/"
    found = page(
        request,
        [stored(call.tx, USER, (call.account_id,), "name")],
        None if prefix == "/" else lambda user: user.path.startswith(prefix),
    )
    return {"Users": [user_shape(user) for user in found.items], **found.tail}


@operation(writes=True)
def update_user(call: OperationCall, request: Params) -> Params:
    """Rename or move a user: its id, keys, policies and groups stay."""
    user = the_user(call, request["UserName"])
    changed = user
    if request.get("NewUserName") is not None:
        changed = structs.replace(
            changed, name=checked_name(request, "NewUserName", max_length=_MAX_NAME)
        )
    if request.get("NewPath") is not None:
        changed = structs.replace(changed, path=checked_path(request, "NewPath"))
    try:
        call.tx.update(USER, USER.key_of(user), lambda _: changed)
    except AlreadyExists as error:
        raise already_exists(f"User with name {changed.name} already exists.") from error
    return {}


@operation(writes=True)
def delete_user(call: OperationCall, request: Params) -> Params:
    """Delete a user that nothing belongs to any more."""
    user = the_user(call, request["UserName"])
    entity = entity_of("user", user)
    tx, key = call.tx, USER.key_of(user)
    if tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"), limit=1):
        raise delete_conflict("detach all policies")
    if tx.list(INLINE_POLICY, entity.key, limit=1):
        raise delete_conflict("delete policies")
    if tx.list_by(MEMBERSHIP, "user", key, limit=1):
        raise delete_conflict("remove users from group")
    for kind, what in _OWNED:
        if tx.list(kind, key, limit=1):
            raise delete_conflict(what)
    if tx.list_by(MFA_DEVICE, "owner", key, limit=1):
        raise delete_conflict("delete MFA device")
    drop_boundary(call, entity)
    tx.delete(USER, key)
    return {}


def user_shape(user: User) -> Params:
    """Give a user as lists show it."""
    shape: Params = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.created_at,
    }
    if user.password_last_used_at is not None:
        shape["PasswordLastUsed"] = user.password_last_used_at
    return shape


def whole_user(call: OperationCall, user: User) -> Params:
    """Give a user with its boundary and tags."""
    shape = user_shape(user) | boundary_shape(call, entity_of("user", user))
    if user.tags:
        shape["Tags"] = tag_list(user.tags)
    return shape
