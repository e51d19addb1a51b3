"""USER_SRP_AUTH: the password never leaves the client. First half; `password_verifier` is the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import refuse_unknown, seek
from bargate.userpool.progress import Answer, Asked, Progress
from bargate.userpool.prove import announce, required
from bargate.userpool.srp_challenge import srp_challenge

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools


async def user_srp(pools: Pools, asked: Asked) -> Answer:
    """Answer SRP_A with SRP_B: for a user who does not exist, of a stand-in if nobody may know."""
    name = required(asked, "USERNAME")
    required(asked, "SRP_A")
    sought = pools.store.read(lambda tx: seek(tx, asked.pool, name))
    await announce(pools, asked, sought)
    if sought.user is None and not asked.client.hides_users:
        raise refuse_unknown(asked.client)
    pools.lockouts.check(asked.pool.id, sought.lock_name, asked.now.timestamp())
    progress = Progress(
        flow=asked.flow,
        username=sought.name if sought.user is None else sought.user.username,
        sub=None if sought.user is None else sought.user.sub,
        device_key=asked.parameters.get("DEVICE_KEY"),
    )
    return await srp_challenge(pools, asked, sought, progress)
