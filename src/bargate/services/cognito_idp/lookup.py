"""Finding what a request names, and where lists go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.paging import InvalidToken, key_of
from bargate.userpool import find
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key
    from bargate.userpool.pools import Pools

MAX_LISTED = 60  # AWS [M]: at most as many as the members allow, and so many without one


def pools_of(call: OperationCall) -> Pools:
    """Give the surroundings of user pools."""
    pools: Pools | None = call.environment.pools
    if pools is None:
        raise AwsError("InternalErrorException", "There are no user pools here.", 500)
    return pools


def the_pool(call: OperationCall, request: Params) -> UserPool:
    """Give the pool that an administrator names; raises ResourceNotFoundException."""
    return find.the_pool(call.tx, request["UserPoolId"], call.account_id, call.region)


def the_client(call: OperationCall, request: Params) -> UserPoolClient:
    """Give the client of a pool that an administrator names; raises ResourceNotFoundException."""
    return find.the_client(call.tx, request["ClientId"], the_pool(call, request))


def the_user(call: OperationCall, request: Params) -> tuple[UserPool, PoolUser]:
    """Give the user that an administrator names, and their pool; raises AwsError."""
    pool = the_pool(call, request)
    return pool, find.the_user(call.tx, pool, request["Username"])


def after_of(token: str | None, prefix: Key) -> Key | None:
    """Read where a list goes on. INVARIANT: a token leads nowhere but into the list it is from."""
    if token is None:
        return None
    try:
        key = key_of(token)
    except InvalidToken:
        raise invalid_token() from None
    if key[: len(prefix)] != prefix:
        raise invalid_token()
    return key


def invalid_token() -> AwsError:
    """Give the refusal of a token that no list gave."""
    return AwsError("InvalidParameterException", "Invalid pagination token.")
