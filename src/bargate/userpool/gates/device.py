"""A device that its user has remembered proves itself, before a second factor is asked for.

AWS [D] §3: only after SRP. Where the pool says so (ChallengeRequiredOnNewDevice), that stands in
for MFA; on any other device the second factor is asked for as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.devices import find_device
from bargate.userpool.progress import Asked, Challenge, Progress

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools

PROVEN: Final = "DEVICE"
DEVICE_SRP_AUTH: Final = "DEVICE_SRP_AUTH"
_FLOWS: Final = frozenset({"USER_SRP_AUTH"})


async def device(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser
) -> Challenge | None:
    """Pose DEVICE_SRP_AUTH on a remembered device; raises ResourceNotFoundException for none."""
    key = progress.device_key
    if asked.pool.devices is None or key is None or PROVEN in progress.factors:
        return None
    found = pools.store.read(lambda tx: find_device(tx, user, key))
    if not found.remembered or progress.flow not in _FLOWS:
        return None
    return Challenge(
        name=DEVICE_SRP_AUTH,
        parameters={"USERNAME": user.username, "DEVICE_KEY": key},
        progress=progress.knowing(),
    )
