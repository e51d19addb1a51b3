"""USER_AUTH: the user chooses how to prove who they are, from what they have and the pool allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import seek
from bargate.userpool.first_factors import choose
from bargate.userpool.passkeys import with_passkeys
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Answer, Asked, Progress
from bargate.userpool.prove import announce, check_may_sign_in, required
from bargate.userpool.sign_up_session import take_confirmed

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools


async def user_auth(pools: Pools, asked: Asked) -> Answer:
    """Pose PREFERRED_CHALLENGE, or SELECT_CHALLENGE where it is not given or not to be had.

    Who confirmed their sign-up just now has proven enough.
    """
    name = required(asked, "USERNAME")
    sought = pools.store.read(
        lambda tx: with_passkeys(pools, tx, asked.pool, seek(tx, asked.pool, name))
    )
    await announce(pools, asked, sought)
    if asked.sign_up_session is not None:
        progress, user = take_confirmed(pools, asked, sought, asked.sign_up_session)
        check_may_sign_in(user, asked.now)
        return await proceed(pools, asked, progress, user)
    progress = Progress(
        flow=asked.flow,
        username=sought.name if sought.user is None else sought.user.username,
        sub=None if sought.user is None else sought.user.sub,
    )
    wanted = asked.parameters.get("PREFERRED_CHALLENGE")
    return await choose(pools, asked, progress, sought, wanted)
