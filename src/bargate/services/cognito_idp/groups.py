"""Groups of a pool, and who is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_group import POOL_GROUP, POOL_MEMBERSHIP, PoolGroup, PoolMembership
from bargate.records.pool_user import POOL_USER
from bargate.services.cognito_idp.lookup import MAX_LISTED, after_of, the_pool, the_user
from bargate.services.cognito_idp.user_output import user_output
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool.groups import MAX_GROUPS_OF_USER
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_GROUPS: Final = 10_000  # AWS [D] cognito-userpools §11


@operation(writes=True)
def create_group(call: OperationCall, request: Params) -> Params:
    """Create a group."""
    pool, name = the_pool(call, request), request["GroupName"]
    if call.tx.find(POOL_GROUP, (pool.id, name)) is not None:
        raise AwsError("GroupExistsException", "A group with the name already exists.")
    if call.tx.count(POOL_GROUP, (pool.id,)) >= MAX_GROUPS:
        raise AwsError("LimitExceededException", f"A pool has at most {MAX_GROUPS} groups.")
    group = PoolGroup(
        pool_id=pool.id,
        name=name,
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        precedence=request.get("Precedence"),
        created_at=call.now,
        modified_at=call.now,
    )
    call.tx.create(POOL_GROUP, group)
    return {"Group": _output(group)}


@operation()
def get_group(call: OperationCall, request: Params) -> Params:
    """Give a group."""
    return {"Group": _output(_the_group(call, request))}


@operation(writes=True)
def update_group(call: OperationCall, request: Params) -> Params:
    """Change what is given of a group."""
    group = _the_group(call, request)
    new = replace(
        group,
        description=request.get("Description", group.description),
        role_arn=request.get("RoleArn", group.role_arn),
        precedence=request.get("Precedence", group.precedence),
        modified_at=call.now,
    )
    call.tx.update(POOL_GROUP, POOL_GROUP.key_of(group), lambda _: new)
    return {"Group": _output(new)}


@operation(writes=True)
def delete_group(call: OperationCall, request: Params) -> Params:
    """Delete a group; who was in it stays a user."""
    group = _the_group(call, request)
    key = POOL_GROUP.key_of(group)
    for member in call.tx.list(POOL_MEMBERSHIP, key):
        call.tx.delete(POOL_MEMBERSHIP, POOL_MEMBERSHIP.key_of(member))
    call.tx.delete(POOL_GROUP, key)
    return {}


@operation()
def list_groups(call: OperationCall, request: Params) -> Params:
    """List the groups of a pool."""
    pool = the_pool(call, request)
    limit = request.get("Limit") or MAX_LISTED
    after = after_of(request.get("NextToken"), (pool.id,))
    found = call.tx.list(POOL_GROUP, (pool.id,), after=after, limit=limit + 1)
    output: Params = {"Groups": [_output(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_GROUP.key_of(found[limit - 1]))
    return output


@operation(writes=True)
def admin_add_user_to_group(call: OperationCall, request: Params) -> Params:
    """Put a user into a group; one who is in it stays there."""
    group = _the_group(call, request)
    pool, user = the_user(call, request)
    member = PoolMembership(pool_id=pool.id, group=group.name, sub=user.sub, since=call.now)
    if call.tx.find(POOL_MEMBERSHIP, POOL_MEMBERSHIP.key_of(member)) is not None:
        return {}
    limit = MAX_GROUPS_OF_USER
    if len(call.tx.list_by(POOL_MEMBERSHIP, "user", (pool.id, user.sub), limit=limit)) == limit:
        raise AwsError("LimitExceededException", f"A user is in at most {limit} groups.")
    call.tx.create(POOL_MEMBERSHIP, member)
    return {}


@operation(writes=True)
def admin_remove_user_from_group(call: OperationCall, request: Params) -> Params:
    """Take a user out of a group, if they are in it."""
    group = _the_group(call, request)
    pool, user = the_user(call, request)
    key = (pool.id, group.name, user.sub)
    if call.tx.find(POOL_MEMBERSHIP, key) is not None:
        call.tx.delete(POOL_MEMBERSHIP, key)
    return {}


@operation()
def admin_list_groups_for_user(call: OperationCall, request: Params) -> Params:
    """List the groups that a user is in."""
    pool, user = the_user(call, request)
    prefix = (pool.id, user.sub)
    limit = request.get("Limit") or MAX_LISTED
    after = after_of(request.get("NextToken"), prefix)
    found = call.tx.list_by(POOL_MEMBERSHIP, "user", prefix, after=after, limit=limit + 1)
    groups = [call.tx.get(POOL_GROUP, (pool.id, each.group)) for each in found[:limit]]
    output: Params = {"Groups": [_output(each) for each in groups]}
    if len(found) > limit:
        last = found[limit - 1]
        key = (*prefix, last.group, *POOL_MEMBERSHIP.key_of(last))
        output["NextToken"] = token_of(key)
    return output


@operation()
def list_users_in_group(call: OperationCall, request: Params) -> Params:
    """List who is in a group."""
    key = POOL_GROUP.key_of(_the_group(call, request))
    limit = request.get("Limit") or MAX_LISTED
    after = after_of(request.get("NextToken"), key)
    found = call.tx.list(POOL_MEMBERSHIP, key, after=after, limit=limit + 1)
    users = [call.tx.get(POOL_USER, (each.pool_id, each.sub)) for each in found[:limit]]
    output: Params = {"Users": [user_output(each) for each in users]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_MEMBERSHIP.key_of(found[limit - 1]))
    return output


def _the_group(call: OperationCall, request: Params) -> PoolGroup:
    pool = the_pool(call, request)
    group = call.tx.find(POOL_GROUP, (pool.id, request["GroupName"]))
    if group is None:
        raise AwsError("ResourceNotFoundException", "Group not found.")
    return group


def _output(group: PoolGroup) -> Params:
    output: Params = {
        "GroupName": group.name,
        "UserPoolId": group.pool_id,
        "CreationDate": group.created_at,
        "LastModifiedDate": group.modified_at,
        "Description": group.description,
        "RoleArn": group.role_arn,
        "Precedence": group.precedence,
    }
    return {name: value for name, value in output.items() if value is not None}
