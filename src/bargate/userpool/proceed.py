"""What comes after a proof: the gates in their order, then tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.userpool.devices import new_device
from bargate.userpool.gates import GATES
from bargate.userpool.gates.device import PROVEN
from bargate.userpool.issue import Done, issue
from bargate.userpool.triggers.post_authentication import post_authentication

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

_AFTER_NEW_PASSWORD: Final = "TokenGeneration_NewPasswordChallenge"  # noqa: S105  a trigger's name
_AFTER_DEVICE: Final = "TokenGeneration_AuthenticateDevice"
_OTHERWISE: Final = "TokenGeneration_Authentication"


async def proceed(pools: Pools, asked: Asked, progress: Progress, user: PoolUser) -> Answer:
    """Pose the challenge that is due, or give tokens; raises AwsError.

    `user` may sign in (`prove.check_may_sign_in`) and has proven what `progress.factors` says.
    """
    given = asked.parameters.get("DEVICE_KEY")
    if given and progress.device_key is None:
        progress = replace(progress, device_key=given)
    for gate in GATES:
        challenge = await gate(pools, asked, progress, user)
        if challenge is not None:
            return challenge
    return await _complete(pools, asked, progress, user)


async def _complete(pools: Pools, asked: Asked, progress: Progress, user: PoolUser) -> Answer:
    """Give tokens; where the pool tracks devices, with a new one's name unless it is known."""
    key = progress.device_key if asked.pool.devices is not None else None
    is_new = asked.pool.devices is not None and key is None
    device = new_device(pools, asked.pool, user) if is_new else None
    await pools.triggers.run(post_authentication(asked, user, is_new_device=is_new))
    source = _OTHERWISE
    if PROVEN in progress.factors:
        source = _AFTER_DEVICE
    elif "NEW_PASSWORD_REQUIRED" in progress.factors:
        source = _AFTER_NEW_PASSWORD
    done = Done(progress=progress, source=source)
    return await issue(pools, asked, user, done, device or key)
