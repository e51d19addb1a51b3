"""CUSTOM_AUTH: functions of the pool decide what proves a user; a password by SRP first, or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import refuse_unknown, seek, wrong_password
from bargate.userpool.gates.custom_auth import (
    CUSTOM_CHALLENGE,
    SRP_A,
    next_challenge,
    no_custom_auth,
)
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Answer, Asked, Progress, Round
from bargate.userpool.prove import announce, required
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools


async def custom_auth(pools: Pools, asked: Asked) -> Answer:
    """Ask DefineAuthChallenge what comes first; of SRP_A it learns as of a round that was right."""
    name = required(asked, "USERNAME")
    if asked.pool.trigger_arn("DefineAuthChallenge") is None:
        raise no_custom_auth()
    rounds = _first_rounds(asked)
    sought = pools.store.read(lambda tx: seek(tx, asked.pool, name))
    await announce(pools, asked, sought)
    user = sought.user
    if user is not None:
        progress = Progress(flow=asked.flow, username=user.username, sub=user.sub, rounds=rounds)
        return await proceed(pools, asked, progress, user)
    if not asked.client.hides_users:
        raise refuse_unknown(asked.client)
    progress = Progress(flow=asked.flow, username=sought.name, sub=None, rounds=rounds)
    challenge = await next_challenge(pools, asked, progress, sought)
    if challenge is None:
        raise wrong_password()
    return challenge


def _first_rounds(asked: Asked) -> tuple[Round, ...]:
    """Give SRP_A's round, or none; raises InvalidParameterException."""
    first = asked.parameters.get("CHALLENGE_NAME", CUSTOM_CHALLENGE)
    if first == CUSTOM_CHALLENGE:
        return ()
    if first != SRP_A:
        message = f"CHALLENGE_NAME must be {SRP_A} or {CUSTOM_CHALLENGE}."
        raise AwsError("InvalidParameterException", message)
    required(asked, SRP_A)
    return (Round(challenge_name=SRP_A, challenge_result=True),)
