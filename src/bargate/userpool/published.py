"""What of user pools goes into the snapshot, so that gateways verify tokens without asking anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.user_pool import EndedTokens, PoolKey, PublishedPool
from bargate.records.pool_revocation import POOL_REVOCATION
from bargate.records.pool_signing_key import POOL_SIGNING_KEY
from bargate.records.user_pool import USER_POOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bargate.records.pool_signing_key import PoolSigningKey
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Change, Reader
    from bargate.store.kind import Key

    IssuerOf = Callable[[UserPool], str]


def pools_of(change: Change) -> Iterator[Key]:
    """Give the ids of the pools whose published part a change bears on."""
    if change.kind == USER_POOL.name:
        yield (change.key[2],)
    elif change.kind == POOL_SIGNING_KEY.name:
        yield (change.key[0],)


def published_pool(tx: Reader, key: Key, issuer_of: IssuerOf) -> PublishedPool | None:
    """Give a pool with its keys, None when there is none (any more)."""
    pool = tx.find_by(USER_POOL, "id", key)
    if pool is None:
        return None
    keys = tx.list(POOL_SIGNING_KEY, (pool.id,))
    return PublishedPool(
        arn=pool.arn,
        issuer=issuer_of(pool),
        keys=tuple(map(_public, keys)),
    )


def _public(key: PoolSigningKey) -> PoolKey:
    ends_at = None if key.ends_at is None else key.ends_at.timestamp()
    return PoolKey(kid=key.kid, modulus=key.modulus, exponent=key.exponent, ends_at=ends_at)


def ended_tokens(tx: Reader, key: Key, issuer_of: IssuerOf) -> EndedTokens | None:
    """Give what was ended before its time, None when it is over or its pool is gone."""
    found = tx.find(POOL_REVOCATION, key)
    pool = tx.find_by(USER_POOL, "id", key[:1])
    if found is None or pool is None:
        return None
    return EndedTokens(
        issuer=issuer_of(pool),
        key=key,
        sub=found.sub,
        origin=found.origin,
        at=int(found.at.timestamp()),
        excepted=found.excepted,
    )
