"""SELECT_CHALLENGE, and PASSWORD and PASSWORD_SRP where they were chosen before they were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_user import POOL_USER
from bargate.userpool.find import Sought, credentials_of
from bargate.userpool.first_factors import available, choose
from bargate.userpool.passkeys import with_passkeys
from bargate.userpool.prove import required
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Answering, Asked, Progress


async def select_challenge(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Go on with ANSWER, which must be one of the factors that the user has by now."""
    return await _chosen(pools, asked, progress, required(asked, "ANSWER"))


def answered_by(name: str, parameter: str) -> Answering:
    """Give what answers PASSWORD or PASSWORD_SRP: the factor itself, its parameter being there."""

    async def answer(pools: Pools, asked: Asked, progress: Progress) -> Answer:
        required(asked, parameter)
        return await _chosen(pools, asked, progress, name)

    return answer


async def _chosen(pools: Pools, asked: Asked, progress: Progress, name: str) -> Answer:
    sought = pools.store.read(
        lambda tx: with_passkeys(pools, tx, asked.pool, _sought(tx, asked, progress))
    )
    if name not in available(asked.pool, sought):
        message = f"{name} is not among the available challenges."
        raise AwsError("InvalidParameterException", message)
    return await choose(pools, asked, progress, sought, name)


def _sought(tx: Reader, asked: Asked, progress: Progress) -> Sought:
    """Give the user as they are now; one who was only simulated stays so."""
    user = tx.find(POOL_USER, (asked.pool.id, progress.sub)) if progress.sub else None
    credentials = None if user is None else credentials_of(tx, user)
    return Sought(name=progress.username, user=user, credentials=credentials)
