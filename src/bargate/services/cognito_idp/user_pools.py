"""CreateUserPool, DescribeUserPool, UpdateUserPool, DeleteUserPool, ListUserPools, AddCustomAttributes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER
from bargate.records.user_pool import USER_POOL, UserPool
from bargate.services.cognito_idp.lookup import after_of, pools_of, the_pool
from bargate.services.cognito_idp.pool_output import pool_output
from bargate.services.operation import Later, operation
from bargate.services.paging import token_of
from bargate.userpool.directory import create_pool, delete_contents, detach_pool, new_pool_id
from bargate.userpool.pool_settings import names_of, settings_of
from bargate.userpool.schema import new_schema, with_custom
from bargate.userpool.tiers import check_tier_change
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_POOLS = 1_000  # AWS [D] cognito-userpools §11


@operation()
def create_user_pool(call: OperationCall, request: Params) -> Later:
    """Create a pool with two signing keys, which take their time to be made."""
    if call.tx.count(USER_POOL, (call.account_id, call.region)) >= MAX_POOLS:
        message = f"An account has at most {MAX_POOLS} user pools in a region."
        raise AwsError("LimitExceededException", message)
    pool = UserPool(
        account_id=call.account_id,
        region=call.region,
        partition=call.partition,
        id=new_pool_id(call.region),
        name=request["PoolName"],
        created_at=call.now,
        modified_at=call.now,
        schema=new_schema(request.get("Schema") or ()),
        **names_of(request),
        **settings_of(request),
    )
    pools = pools_of(call)

    async def work() -> Params:
        await create_pool(pools, pool)
        return {"UserPool": pool_output(pool, 0)}

    return Later(work)


@operation()
def describe_user_pool(call: OperationCall, request: Params) -> Later:
    """Give a pool with the number of its users, counted beside the loop: a million take a while."""
    pool, store = the_pool(call, request), pools_of(call).store

    async def work() -> Params:
        count = partial(store.read, lambda tx: tx.count(POOL_USER, (pool.id,)))
        return {"UserPool": pool_output(pool, await asyncio.to_thread(count))}

    return Later(work)


@operation(writes=True)
def update_user_pool(call: OperationCall, request: Params) -> Params:
    """Set a pool's settings: what is not given goes back to its default (AWS [M])."""
    pool = the_pool(call, request)
    changes: dict[str, Any] = settings_of(request, pool)
    check_tier_change(call.tx, pool, changes["stored"])
    if request.get("PoolName"):
        changes["name"] = request["PoolName"]
    new = replace(pool, modified_at=call.now, **changes)
    call.tx.update(USER_POOL, USER_POOL.key_of(pool), lambda _: new)
    return {}


@operation()
def delete_user_pool(call: OperationCall, request: Params) -> Later:
    """Delete a pool: first itself, so that nobody signs in any more, then all that is in it."""
    pool = the_pool(call, request)
    pools = pools_of(call)

    async def work() -> Params:
        await pools.store.submit(lambda tx: detach_pool(tx, pool))
        await delete_contents(pools, pool.id)
        return {}

    return Later(work)


@operation()
def list_user_pools(call: OperationCall, request: Params) -> Params:
    """List the pools of the account in the region."""
    prefix = (call.account_id, call.region)
    limit = request["MaxResults"]
    after = after_of(request.get("NextToken"), prefix)
    found = call.tx.list(USER_POOL, prefix, after=after, limit=limit + 1)
    output: Params = {"UserPools": [_description(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(USER_POOL.key_of(found[limit - 1]))
    return output


@operation(writes=True)
def add_custom_attributes(call: OperationCall, request: Params) -> Params:
    """Add attributes to a schema, which only ever grows."""
    pool = the_pool(call, request)
    schema = with_custom(pool.schema, request["CustomAttributes"])
    new = replace(pool, schema=schema, modified_at=call.now)
    call.tx.update(USER_POOL, USER_POOL.key_of(pool), lambda _: new)
    return {}


def _description(pool: UserPool) -> Params:
    return {
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": pool.lambda_config,
        "CreationDate": pool.created_at,
        "LastModifiedDate": pool.modified_at,
    }
