"""New signing keys for a pool, without a token refused.

    now: new keys are published ──► after the lead: they sign ──► a day later: the old ones end
                                                                  (no token of theirs is left)

The times stand in the records, so that a restart changes nothing. `at_once` is for keys that somebody
else may have: the old ones end now, with all their tokens.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_signing_key import POOL_SIGNING_KEY
from bargate.userpool.find import pool_of_id
from bargate.userpool.keys import new_signing_key
from bargate.userpool.revocation import LONGEST_TOKEN
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_signing_key import PoolSigningKey
    from bargate.store.interface import Transaction
    from bargate.userpool.pools import Pools


class Rotated(Struct, frozen=True, kw_only=True, tag="rotated"):
    """The new keys, when they begin to sign, and when the old ones end."""

    kids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime


async def rotate(pools: Pools, pool_id: str, lead: timedelta, *, at_once: bool) -> Rotated:
    """Give a pool new keys; raises AwsError where there is no pool, or a rotation is under way."""
    pools.store.read(lambda tx: pool_of_id(tx, pool_id))
    now = pools.clock()
    lead = timedelta(0) if at_once else lead
    new = await asyncio.gather(
        asyncio.to_thread(new_signing_key, pool_id, "id", now),
        asyncio.to_thread(new_signing_key, pool_id, "access", now),
    )
    rotated = Rotated(
        kids=tuple(each.kid for each in new),
        starts_at=now + lead,
        ends_at=now if at_once else now + lead + LONGEST_TOKEN,
    )
    await pools.store.submit(lambda tx: _replace(tx, pool_id, list(new), rotated, now))
    return rotated


def _replace(
    tx: Transaction, pool_id: str, new: list[PoolSigningKey], rotated: Rotated, now: datetime
) -> None:
    pool_of_id(tx, pool_id)  # it may have been deleted while keys were made
    old = tx.list(POOL_SIGNING_KEY, (pool_id,))
    waiting = [each.starts_at for each in old if each.starts_at and each.starts_at > now]
    if waiting and rotated.ends_at > now:
        message = (
            f"The keys of {pool_id} were rotated already: those are used from"
            f" {waiting[0]:%Y-%m-%d %H:%M:%S} UTC on."
        )
        raise AwsError("InvalidParameterException", message)
    for each in old:
        _end(tx, each, rotated.ends_at, now)
    for each in new:
        tx.create(POOL_SIGNING_KEY, replace(each, starts_at=rotated.starts_at))


def _end(tx: Transaction, key: PoolSigningKey, ends_at: datetime, now: datetime) -> None:
    """Let a key end: never later than it was to end before."""
    place = POOL_SIGNING_KEY.key_of(key)
    ends_at = ends_at if key.ends_at is None else min(key.ends_at, ends_at)
    if ends_at <= now:
        tx.delete(POOL_SIGNING_KEY, place)
    else:
        tx.update(POOL_SIGNING_KEY, place, lambda old: replace(old, ends_at=ends_at))
