"""The first sign-in of who signed up: the code that confirmed it stands for the second factor.

AWS [D] cognito-userpools §8: in a pool that demands a second factor the first sign-in gives tokens
without one, with which one is then set up. To the safer side [I]: within a day of the confirmation,
after a password that is still the one of then, and never for who has chosen a factor already.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.userpool.find import credentials_of, user_of
from bargate.userpool.mfa import due
from bargate.userpool.users import update_user

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked, Progress

WITHIN: Final = timedelta(days=1)


def is_first(user: PoolUser, credentials: PoolCredentials, now: datetime) -> bool:
    """Say whether nobody signed in, and no password was set, since a user confirmed by a code."""
    confirmed = user.self_confirmed_at
    return (
        confirmed is not None and now < confirmed + WITHIN and credentials.changed_at <= confirmed
    )


async def stands_in(pools: Pools, asked: Asked, progress: Progress, user: PoolUser) -> bool:
    """Say whether this sign-in is the first one, and use that up: of two at once, one is.

    It is none for who has chosen a factor by now.
    """
    if "PASSWORD" not in progress.factors or user.self_confirmed_at is None:
        return False

    def work(tx: Transaction) -> bool:
        current = user_of(tx, asked.pool, user.sub)
        credentials = credentials_of(tx, current)
        is_chosen = due(asked.pool, current, credentials).is_chosen
        found = is_first(current, credentials, asked.now) and not is_chosen
        if found:
            end(tx, asked.pool, current)
        return found

    return await pools.store.submit(work)


def end(tx: Transaction, pool: UserPool, user: PoolUser) -> PoolUser:
    """Note that somebody signed in as a user: what comes later is not the first."""
    if user.self_confirmed_at is None:
        return user
    return update_user(tx, pool, user, lambda old: replace(old, self_confirmed_at=None))
