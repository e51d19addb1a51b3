"""IAM groups and their members."""

from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.iam_group import GROUP, MEMBERSHIP, Group, Membership
from bargate.records.iam_user import USER
from bargate.records.inline_policy import INLINE_POLICY
from bargate.records.managed_policy import ATTACHMENT
from bargate.services.iam.entity import entity_of
from bargate.services.iam.errors import (
    already_exists,
    delete_conflict,
    limit_exceeded,
    no_such_entity,
)
from bargate.services.iam.lookup import the_group, the_user
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.user import user_shape
from bargate.services.operation import OperationCall, Params, operation
from bargate.store.interface import AlreadyExists

MAX_GROUPS = 300
MAX_GROUPS_PER_USER = 10


@operation(writes=True)
def create_group(call: OperationCall, request: Params) -> Params:
    """Make a group."""
    group = Group(
        account_id=call.account_id,
        id=unique_id("AGPA"),
        name=checked_name(request, "GroupName"),
        path=checked_path(request),
        created_at=call.now,
        partition=call.partition,
    )
    if call.tx.find_by(GROUP, "name", (group.account_id, group.name.lower())) is not None:
        raise already_exists(f"Group with name {group.name} already exists.")
    if call.tx.count(GROUP, (call.account_id,)) >= MAX_GROUPS:
        raise limit_exceeded("GroupsPerAccount", MAX_GROUPS)
    return {"Group": group_shape(call.tx.create(GROUP, group))}


@operation()
def get_group(call: OperationCall, request: Params) -> Params:
    """Give a group and a page of its members."""
    group = the_group(call, request["GroupName"])
    found = page(request, [stored(call.tx, MEMBERSHIP, GROUP.key_of(group))])
    users = [call.tx.get(USER, (each.account_id, each.user_id)) for each in found.items]
    return {
        "Group": group_shape(group),
        "Users": [user_shape(user) for user in users],
        **found.tail,
    }


@operation()
def list_groups(call: OperationCall, request: Params) -> Params:
    """List groups by name."""
    prefix = request.get("PathPrefix") or "/"
    found = page(
        request,
        [stored(call.tx, GROUP, (call.account_id,), "name")],
        None if prefix == "/" else lambda group: group.path.startswith(prefix),
    )
    return {"Groups": [group_shape(group) for group in found.items], **found.tail}


@operation()
def list_groups_for_user(call: OperationCall, request: Params) -> Params:
    """List the groups a user is in."""
    user = the_user(call, request["UserName"])
    found = page(request, [stored(call.tx, MEMBERSHIP, USER.key_of(user), "user")])
    groups = [call.tx.get(GROUP, (each.account_id, each.group_id)) for each in found.items]
    return {"Groups": [group_shape(group) for group in groups], **found.tail}


@operation(writes=True)
def update_group(call: OperationCall, request: Params) -> Params:
    """Rename or move a group: its id, policies and members stay."""
    group = the_group(call, request["GroupName"])
    changed = group
    if request.get("NewGroupName") is not None:
        changed = structs.replace(changed, name=checked_name(request, "NewGroupName"))
    if request.get("NewPath") is not None:
        changed = structs.replace(changed, path=checked_path(request, "NewPath"))
    try:
        call.tx.update(GROUP, GROUP.key_of(group), lambda _: changed)
    except AlreadyExists as error:
        raise already_exists(f"Group with name {changed.name} already exists.") from error
    return {}


@operation(writes=True)
def delete_group(call: OperationCall, request: Params) -> Params:
    """Delete a group without members and policies."""
    group = the_group(call, request["GroupName"])
    entity = entity_of("group", group)
    if call.tx.list(MEMBERSHIP, GROUP.key_of(group), limit=1):
        raise delete_conflict("remove users from group")
    if call.tx.list_by(ATTACHMENT, "entity", entity.uses("PermissionsPolicy"), limit=1):
        raise delete_conflict("detach all policies")
    if call.tx.list(INLINE_POLICY, entity.key, limit=1):
        raise delete_conflict("delete policies")
    call.tx.delete(GROUP, GROUP.key_of(group))
    return {}


@operation(writes=True)
def add_user_to_group(call: OperationCall, request: Params) -> Params:
    """Put a user into a group; doing it again changes nothing."""
    membership = _membership(call, request)
    if call.tx.find(MEMBERSHIP, MEMBERSHIP.key_of(membership)) is not None:
        return {}
    key = (membership.account_id, membership.user_id)
    if len(call.tx.list_by(MEMBERSHIP, "user", key)) >= MAX_GROUPS_PER_USER:
        raise limit_exceeded("GroupsPerUser", MAX_GROUPS_PER_USER)
    call.tx.create(MEMBERSHIP, membership)
    return {}


@operation(writes=True)
def remove_user_from_group(call: OperationCall, request: Params) -> Params:
    """Take a user out of a group."""
    key = MEMBERSHIP.key_of(_membership(call, request))
    if call.tx.find(MEMBERSHIP, key) is None:
        raise no_such_entity(f"User {request['UserName']} not in group {request['GroupName']}")
    call.tx.delete(MEMBERSHIP, key)
    return {}


def _membership(call: OperationCall, request: Params) -> Membership:
    group = the_group(call, request["GroupName"])
    user = the_user(call, request["UserName"])
    return Membership(account_id=call.account_id, group_id=group.id, user_id=user.id)


def group_shape(group: Group) -> Params:
    """Give a group as the API shows it."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": group.arn,
        "CreateDate": group.created_at,
    }
