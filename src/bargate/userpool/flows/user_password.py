"""USER_PASSWORD_AUTH and ADMIN_USER_PASSWORD_AUTH: the password itself is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import seek
from bargate.userpool.proceed import proceed
from bargate.userpool.progress import Answer, Asked, Progress
from bargate.userpool.prove import announce, prove_password, required

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools


async def user_password(pools: Pools, asked: Asked) -> Answer:
    """Prove a user by their password."""
    name, password = required(asked, "USERNAME"), required(asked, "PASSWORD")
    sought = pools.store.read(lambda tx: seek(tx, asked.pool, name))
    await announce(pools, asked, sought)
    user = await prove_password(pools, asked, sought, password)
    progress = Progress(
        flow=asked.flow, username=user.username, sub=user.sub, factors=("PASSWORD",)
    )
    return await proceed(pools, asked, progress, user)
