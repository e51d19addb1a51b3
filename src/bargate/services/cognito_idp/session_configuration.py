"""Whether sessions are tracked, how many a user has, and how long SSO sessions are used again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_configuration import POOL_CONFIGURATION
from bargate.records.user_pool import USER_POOL, UserPool
from bargate.services.cognito_idp.configurations import put_configuration
from bargate.services.cognito_idp.lookup import the_client, the_pool
from bargate.services.operation import operation
from bargate.userpool.tiers import check_tier
from bargate.userpool.user_sessions import check_tracked

if TYPE_CHECKING:
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.services.operation import OperationCall, Params

DEFAULT_SSO_MINUTES: Final = 60  # AWS [M] ClientSSOSessionConfigType
_FEATURE: Final = "Session tracking"


@operation(writes=True)
def set_user_pool_session_configuration(call: OperationCall, request: Params) -> Params:
    """Track sessions, or not, and set how many a user has."""
    pool = the_pool(call, request)
    check_tier(pool.stored, "ESSENTIALS", _FEATURE)
    new = replace(
        pool,
        session_tracking=request["UserSessionTracking"] == "ENABLED",
        max_sessions=request["TokenSession"]["MaxPerUser"],
        modified_at=call.now,
    )
    call.tx.update(USER_POOL, USER_POOL.key_of(pool), lambda _: new)
    return _pool_output(new)


@operation()
def get_user_pool_session_configuration(call: OperationCall, request: Params) -> Params:
    """Give whether sessions are tracked."""
    return _pool_output(the_pool(call, request))


@operation(writes=True)
def set_user_pool_client_session_configuration(call: OperationCall, request: Params) -> Params:
    """Set how long SSO sessions are used again; stored for the pages that will have some."""
    pool, client = the_pool(call, request), the_client(call, request)
    check_tier(pool.stored, "ESSENTIALS", _FEATURE)
    check_tracked(pool)
    minutes = request["SSOSession"]["MaxValidityMinutes"]
    value = {"MaxValidityMinutes": minutes}
    put_configuration(call, pool.id, "sso-session", value, client.id)
    return _client_output(client, minutes)


@operation()
def get_user_pool_client_session_configuration(call: OperationCall, request: Params) -> Params:
    """Give how long SSO sessions are used again."""
    client = the_client(call, request)
    found = call.tx.find(POOL_CONFIGURATION, (client.pool_id, client.id, "sso-session"))
    minutes = DEFAULT_SSO_MINUTES if found is None else found.value["MaxValidityMinutes"]
    return _client_output(client, minutes)


def _pool_output(pool: UserPool) -> Params:
    return {
        "UserPoolId": pool.id,
        "UserSessionTracking": "ENABLED" if pool.session_tracking else "DISABLED",
        "TokenSession": {"MaxPerUser": pool.max_sessions},
    }


def _client_output(client: UserPoolClient, minutes: int) -> Params:
    return {
        "UserPoolId": client.pool_id,
        "ClientId": client.id,
        "SSOSession": {"MaxValidityMinutes": minutes},
    }
