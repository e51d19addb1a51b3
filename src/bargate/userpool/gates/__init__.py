"""Gates: what stands between a proven first factor and tokens, in one explicit order.

    Gate = async (Pools, Asked, Progress, PoolUser) -> Challenge | None      None: passed

A gate poses a challenge unless `progress.factors` holds what it wants; it refuses by AwsError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.gates.custom_auth import custom_auth
from bargate.userpool.gates.device import device
from bargate.userpool.gates.new_password import new_password
from bargate.userpool.gates.second_factor import second_factor

if TYPE_CHECKING:
    from bargate.userpool.progress import Gate

# INVARIANT: `custom_auth` is the first: until it has passed, nothing of a custom sign-in is proven.
# INVARIANT: `device` is before `second_factor`, whose place it may take.
# INVARIANT: a temporary password is replaced before a second factor is asked for.
GATES: Final[tuple[Gate, ...]] = (custom_auth, new_password, device, second_factor)
