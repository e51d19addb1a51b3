"""Tags of user pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.user_pool import USER_POOL
from bargate.services.operation import operation
from bargate.userpool.pool_settings import checked_tags
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import UserPool
    from bargate.services.operation import OperationCall, Params


@operation(writes=True)
def tag_resource(call: OperationCall, request: Params) -> Params:
    """Add tags, or give them other values."""
    return _set(call, request, _tagged(call, request).tags | request["Tags"])


@operation(writes=True)
def untag_resource(call: OperationCall, request: Params) -> Params:
    """Take tags away."""
    gone = set(request["TagKeys"])
    tags = _tagged(call, request).tags
    return _set(call, request, {key: value for key, value in tags.items() if key not in gone})


@operation()
def list_tags_for_resource(call: OperationCall, request: Params) -> Params:
    """Give the tags."""
    return {"Tags": _tagged(call, request).tags}


def _set(call: OperationCall, request: Params, tags: dict[str, str]) -> Params:
    pool = _tagged(call, request)
    new = replace(pool, tags=checked_tags(tags), modified_at=call.now)
    call.tx.update(USER_POOL, USER_POOL.key_of(pool), lambda _: new)
    return {}


def _tagged(call: OperationCall, request: Params) -> UserPool:
    arn: str = request["ResourceArn"]
    pool_id = arn.rpartition("/")[2]
    pool = call.tx.find(USER_POOL, (call.account_id, call.region, pool_id))
    if pool is None or pool.arn != arn:
        raise AwsError("ResourceNotFoundException", f"Resource {arn} does not exist.")
    return pool
