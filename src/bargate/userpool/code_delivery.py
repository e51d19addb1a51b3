"""Codes for users by name, without telling strangers who is a user.

    seek ──► limit ──► a destination, or one that is pretended ──► code stored, sent ──► details

Where the client hides users, one who does not exist, who is disabled, or who cannot get a code now
is answered as any other, after the same work.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.records.pool_user import POOL_USER
from bargate.userpool.codes import pretend_code, put_code
from bargate.userpool.evened import evened
from bargate.userpool.find import Sought, seek
from bargate.userpool.links import draw_for
from bargate.userpool.messages import Sending, send_code
from bargate.userpool.secret_hash import check_secret_hash
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bargate.records.pool_code import CodeUse
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.store.interface import Transaction
    from bargate.userpool.destinations import Destination
    from bargate.userpool.pools import Pools

CODE_FAILED: Final = "CodeDeliveryFailureException"
_log = logging.getLogger("bargate.userpool")


class Named(Struct, frozen=True, kw_only=True):
    """Somebody who names a user through a client, and has shown nothing but the client's secret.

    With `is_by_link` not even that: they opened a link, and the code in it must do.
    """

    pool: UserPool
    client: UserPoolClient
    username: str
    secret_hash: str | None = None
    is_by_link: bool = False
    metadata: Mapping[str, str] = {}
    source_ip: str = ""
    now: datetime

    def __repr__(self) -> str:
        return f"Named({self.pool.id})"


class CodeKind(Struct, frozen=True, kw_only=True):
    """A code that is asked for by name: what for, to whom it may go, and where.

    `check` raises AwsError for a user who may not have one; `destination` is None without an
    address, and `refusal` says so to whoever may know. `pretended` is for users who are hidden.
    """

    operation: str
    use: CodeUse
    purpose: str
    check: Callable[[PoolUser], None]
    destination: Callable[[PoolUser], Destination | None]
    pretended: Callable[[str], Destination]
    refusal: str


def sought(pools: Pools, named: Named, operation: str) -> Sought:
    """Look for who is named, and count it; raises AwsError."""
    if not named.is_by_link:
        check_secret_hash(named.client, named.secret_hash, named.username)
    found = pools.store.read(lambda tx: seek(tx, named.pool, named.username))
    if found.user is None and not named.client.hides_users:
        raise AwsError("UserNotFoundException", "User does not exist.")
    pools.attempts.take(operation, named.pool.id, found.lock_name, named.now.timestamp())
    return found


async def deliver_code(pools: Pools, named: Named, kind: CodeKind) -> Destination:
    """Send a code to whoever is named, and say where it went; raises AwsError."""
    pools.addresses.take("codes", named.pool.id, named.source_ip, named.now.timestamp())
    return await evened(named, _delivered(pools, named, kind))


async def _delivered(pools: Pools, named: Named, kind: CodeKind) -> Destination:
    found = sought(pools, named, kind.operation)
    try:
        return await _deliver(pools, named, kind, found.user)
    except AwsError as refused:
        if not named.client.hides_users:
            raise
        if refused.code == CODE_FAILED:
            _log.warning("a code for a user of %s was not sent: %s", named.pool.id, refused)
    await pools.store.submit(lambda tx: pretend_code(tx, named.pool.id, named.now))
    return kind.pretended(found.name)


async def _deliver(
    pools: Pools, named: Named, kind: CodeKind, user: PoolUser | None
) -> Destination:
    if user is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    sub = user.sub
    found, to, code = await pools.store.submit(lambda tx: _stored(tx, named, kind, sub))
    sending = Sending(
        pool=named.pool,
        user=found,
        to=to,
        purpose=kind.purpose,
        code=code,
        client_id=named.client.id,
        metadata=named.metadata,
    )
    await send_code(pools, sending)
    return to


def _stored(
    tx: Transaction, named: Named, kind: CodeKind, sub: str
) -> tuple[PoolUser, Destination, str]:
    current = tx.find(POOL_USER, (named.pool.id, sub))
    if current is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    if not current.enabled:
        raise AwsError("NotAuthorizedException", "User is disabled.")
    kind.check(current)
    to = kind.destination(current)
    if to is None:
        raise AwsError("InvalidParameterException", kind.refusal)
    drawn = draw_for(named.pool, kind.use, to)
    return current, to, put_code(tx, current, kind.use, to, named.now, drawn)
