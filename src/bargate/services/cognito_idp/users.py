"""What administrators do with users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.services.cognito_idp.lookup import after_of, pools_of, the_pool, the_user
from bargate.services.cognito_idp.user_output import profile_output, user_output
from bargate.services.operation import Later, operation
from bargate.services.paging import token_of
from bargate.userpool import attributes
from bargate.userpool.admin_users import NewUser, admin_set_password
from bargate.userpool.admin_users import admin_create_user as create
from bargate.userpool.own_attributes import admin_update, lose
from bargate.userpool.user_search import MAX_PAGE, read_filter, search
from bargate.userpool.users import delete_user, sign_out, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.services.operation import OperationCall, Params


@operation()
def admin_create_user(call: OperationCall, request: Params) -> Later:
    """Create a user with a temporary password."""
    new = NewUser(
        pool=the_pool(call, request),
        username=request["Username"],
        attributes=attributes.given(request.get("UserAttributes")),
        password=request.get("TemporaryPassword"),
        message=request.get("MessageAction"),
        media=tuple(request.get("DesiredDeliveryMediums") or ("SMS",)),
        moves_aliases=request.get("ForceAliasCreation", False),
        validation=attributes.given(request.get("ValidationData")),
        metadata=request.get("ClientMetadata") or {},
        now=call.now,
    )
    pools = pools_of(call)

    async def work() -> Params:
        return {"User": user_output(await create(pools, new))}

    return Later(work)


@operation()
def admin_get_user(call: OperationCall, request: Params) -> Params:
    """Give a user."""
    _, user = the_user(call, request)
    return profile_output(user, user.attributes) | {
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.modified_at,
        "Enabled": user.enabled,
        "UserStatus": user.status,
    }


@operation()
def admin_set_user_password(call: OperationCall, request: Params) -> Later:
    """Set a user's password."""
    pool, user = the_user(call, request)
    pools, password = pools_of(call), request["Password"]
    is_permanent = request.get("Permanent", False)

    async def work() -> Params:
        await admin_set_password(
            pools, pool, user.sub, password, call.now, is_permanent=is_permanent
        )
        return {}

    return Later(work)


@operation(writes=True)
def admin_delete_user(call: OperationCall, request: Params) -> Params:
    """Delete a user with all that is theirs."""
    _, user = the_user(call, request)
    delete_user(call.tx, user)
    return {}


@operation()
def admin_update_user_attributes(call: OperationCall, request: Params) -> Later:
    """Change attributes; an address is verified if that is said with it."""
    pools, pool, name = pools_of(call), the_pool(call, request), request["Username"]
    changes = attributes.given(request["UserAttributes"])
    metadata = request.get("ClientMetadata") or {}

    async def work() -> Params:
        await admin_update(pools, pool, name, changes, metadata, call.now)
        return {}

    return Later(work)


@operation(writes=True)
def admin_delete_user_attributes(call: OperationCall, request: Params) -> Params:
    """Take attributes away."""
    pool, user = the_user(call, request)
    names = tuple(request["UserAttributeNames"])
    lose(call.tx, pool, user, names, call.now)
    return {}


@operation(writes=True)
def admin_enable_user(call: OperationCall, request: Params) -> Params:
    """Let a user sign in again."""
    return _enable(call, request, is_enabled=True)


@operation(writes=True)
def admin_disable_user(call: OperationCall, request: Params) -> Params:
    """Let a user sign in no more, and end what they have (AWS [M])."""
    _, user = the_user(call, request)
    sign_out(call.tx, user, call.now)
    return _enable(call, request, is_enabled=False)


@operation()
def list_users(call: OperationCall, request: Params) -> Params:
    """List the users of a pool that a filter fits."""
    pool = the_pool(call, request)
    wanted = request.get("AttributesToGet")
    _check_wanted(wanted, {each.name for each in pool.schema})
    limit = request.get("Limit") or MAX_PAGE
    after = after_of(request.get("PaginationToken"), (pool.id,))
    found = search(call.tx, pool.id, read_filter(request.get("Filter")), after, limit)
    output: Params = {"Users": [user_output(each, wanted) for each in found.users]}
    if found.after is not None:
        output["PaginationToken"] = token_of(found.after)
    return output


def _check_wanted(wanted: list[str] | None, known: set[str]) -> None:
    for name in wanted or ():
        if name not in known:
            message = f"One or more requested attributes do not exist: {name}"
            raise AwsError("InvalidParameterException", message)


def _enable(call: OperationCall, request: Params, *, is_enabled: bool) -> Params:
    pool, user = the_user(call, request)

    def change(old: PoolUser) -> PoolUser:
        return replace(old, enabled=is_enabled, modified_at=call.now)

    update_user(call.tx, pool, user, change)
    return {}
