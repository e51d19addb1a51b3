"""CUSTOM_CHALLENGE: a function of the pool says whether the answer is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER
from bargate.userpool.find import Sought, credentials_of, wrong_password
from bargate.userpool.gates.custom_auth import CUSTOM_CHALLENGE, next_challenge, no_custom_auth
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Round
from bargate.userpool.prove import required
from bargate.userpool.triggers.verify_auth_challenge import (
    VerifyAuthChallengeResponse,
    verify_auth_challenge,
)

if TYPE_CHECKING:
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress


async def custom_challenge(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Have the answer verified, and ask DefineAuthChallenge how it goes on.

    A wrong answer counts as a wrong password does, or new sign-ins could guess without end [I].
    """
    answer = required(asked, "ANSWER")
    if asked.pool.trigger_arn("VerifyAuthChallengeResponse") is None:
        raise no_custom_auth()
    sought = pools.store.read(lambda tx: _sought(tx, asked, progress))
    now_s = asked.now.timestamp()
    with pools.lockouts.attempt(asked.pool.id, sought.lock_name, now_s) as attempt:
        is_right = await _is_right(pools, asked, progress, sought, answer)
        if not is_right:
            attempt.settle(is_right=False)
            pools.addresses.wrong(asked.pool.id, asked.address, now_s)
    after = _after(progress, is_right=is_right)
    user = pools.store.read(lambda tx: _sought(tx, asked, progress)).user
    if user is not None:
        return await proceed(pools, asked, after, user)
    if progress.sub is not None:  # deleted meanwhile
        raise wrong_password()
    challenge = await next_challenge(pools, asked, after, sought)
    if challenge is None:
        raise wrong_password()
    return challenge


async def _is_right(
    pools: Pools, asked: Asked, progress: Progress, sought: Sought, answer: str
) -> bool:
    private = msgspec.json.decode(progress.data["private"], type=dict[str, str])
    call = verify_auth_challenge(asked, sought, private, answer)
    said = msgspec.convert(await pools.triggers.run(call), VerifyAuthChallengeResponse)
    return said.answer_correct is True


def _after(progress: Progress, *, is_right: bool) -> Progress:
    last = Round(
        challenge_name=CUSTOM_CHALLENGE,
        challenge_result=is_right,
        challenge_metadata=progress.data.get("metadata"),
    )
    done = progress.proven(CUSTOM_CHALLENGE) if is_right else progress.knowing()
    return replace(done, rounds=(*progress.rounds, last))


def _sought(tx: Reader, asked: Asked, progress: Progress) -> Sought:
    user = tx.find(POOL_USER, (asked.pool.id, progress.sub)) if progress.sub else None
    credentials = None if user is None else credentials_of(tx, user)
    return Sought(name=progress.username, user=user, credentials=credentials)
