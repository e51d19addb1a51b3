"""What comes after a proof: the gates in their order, then tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.gates import GATES
from bargate.userpool.issue import issue
from bargate.userpool.triggers.post_authentication import post_authentication

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

_AFTER_NEW_PASSWORD: Final = "TokenGeneration_NewPasswordChallenge"  # noqa: S105  a trigger's name
_OTHERWISE: Final = "TokenGeneration_Authentication"


async def proceed(pools: Pools, asked: Asked, progress: Progress, user: PoolUser) -> Answer:
    """Pose the challenge that is due, or give tokens; raises AwsError.

    `user` may sign in (`prove.check_may_sign_in`) and has proven what `progress.factors` says.
    """
    for gate in GATES:
        challenge = await gate(pools, asked, progress, user)
        if challenge is not None:
            return challenge
    await pools.triggers.run(post_authentication(asked, user, is_new_device=False))
    is_new = "NEW_PASSWORD_REQUIRED" in progress.factors
    source = _AFTER_NEW_PASSWORD if is_new else _OTHERWISE
    return await issue(pools, asked, user, source, progress.device_key)
