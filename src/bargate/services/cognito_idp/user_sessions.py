"""Sessions of users: list them, end one; for administrators, and for users themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.services.cognito_idp.current_user import the_holder
from bargate.services.cognito_idp.lookup import after_of, the_user
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool.refresh import revoke
from bargate.userpool.user_sessions import (
    check_tracked,
    is_active,
    last_active,
    session_id,
    the_session,
)
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.services.operation import OperationCall, Params

MAX_PAGE: Final = 125  # AWS [M] SessionsListType


@operation()
def admin_list_user_sessions(call: OperationCall, request: Params) -> Params:
    """List a user's sessions."""
    pool, user = the_user(call, request)
    check_tracked(pool)
    return _list(call, request, user, None)


@operation()
def list_user_sessions(call: OperationCall, request: Params) -> Params:
    """List the sessions of the user whose token this is."""
    holder = the_holder(call, request)
    check_tracked(holder.pool)
    return _list(call, request, holder.user, holder.claims.get("origin_jti"))


@operation(writes=True)
def admin_revoke_user_session(call: OperationCall, request: Params) -> Params:
    """End a session of a user; there are no others that are linked with it yet."""
    pool, user = the_user(call, request)
    check_tracked(pool)
    revoke(call.tx, the_session(call.tx, user, request["SessionId"], call.now), call.now)
    return {}


@operation(writes=True)
def revoke_user_session(call: OperationCall, request: Params) -> Params:
    """End a session of the user whose token this is, but not the one that it is of (AWS [M])."""
    holder = the_holder(call, request)
    check_tracked(holder.pool)
    family = the_session(call.tx, holder.user, request["SessionId"], call.now)
    if family.id == holder.claims.get("origin_jti"):
        message = "The session of the access token cannot be revoked by it."
        raise AwsError("InvalidParameterException", message)
    revoke(call.tx, family, call.now)
    return {}


def _list(call: OperationCall, request: Params, user: PoolUser, current: object) -> Params:
    """Give a page; families that ended are left out, so it may be short and yet not the last."""
    prefix = (user.pool_id, user.sub)
    after = after_of(request.get("NextToken"), prefix)
    found = call.tx.list(REFRESH_FAMILY, prefix, after=after, limit=MAX_PAGE + 1)
    active = (each for each in found[:MAX_PAGE] if is_active(each, call.now))
    output: Params = {"Sessions": [_output(each, current) for each in active]}
    if len(found) > MAX_PAGE:
        output["NextToken"] = token_of(REFRESH_FAMILY.key_of(found[MAX_PAGE - 1]))
    return output


def _output(family: RefreshFamily, current: object) -> dict[str, Any]:
    output = {
        "SessionId": session_id(family.id),
        "SessionType": "TOKEN",
        "ClientId": family.client_id,
        "CreateDate": family.authenticated_at,
        "LastActiveDate": last_active(family),
        "DeviceType": "unknown",
        "IsCurrentSession": family.id == current,
    }
    return output | ({"LastIPAddress": family.source_ip} if family.source_ip else {})
