"""DEVICE_SRP_AUTH: the device sends SRP_A, and is given what its secret is proven with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.devices import find_device, no_device
from bargate.userpool.find import user_of, wrong_password
from bargate.userpool.progress import Answer, Asked, Challenge, Progress
from bargate.userpool.prove import check_may_sign_in, required
from bargate.userpool.srp_challenge import begin, block

if TYPE_CHECKING:
    from bargate.records.pool_device import PoolDevice
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools

DEVICE_PASSWORD_VERIFIER = "DEVICE_PASSWORD_VERIFIER"  # noqa: S105  a challenge's name


async def device_srp_auth(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Pose DEVICE_PASSWORD_VERIFIER; raises AwsError."""
    if required(asked, "DEVICE_KEY") != progress.device_key:
        raise wrong_password()
    device = pools.store.read(lambda tx: remembered_device(tx, asked, progress))
    pools.lockouts.check(asked.pool.id, device.sub, asked.now.timestamp())
    begun = await begin(pools, asked, _verifier_of(device))
    known = progress.knowing(key=begun.key.hex(), made=device.created_at.isoformat())
    return Challenge(
        name=DEVICE_PASSWORD_VERIFIER,
        parameters={
            "SALT": device.salt or "",
            "SRP_B": begun.b_hex,
            "SECRET_BLOCK": block(pools, asked, DEVICE_PASSWORD_VERIFIER, known),
            "USERNAME": progress.username,
            "DEVICE_KEY": device.key,
        },
        progress=known,
        has_session=False,
    )


def remembered_device(tx: Reader, asked: Asked, progress: Progress) -> PoolDevice:
    """Give the device of a sign-in, which must be remembered still; raises AwsError."""
    user = user_of(tx, asked.pool, progress.sub)
    check_may_sign_in(user, asked.now)
    device = find_device(tx, user, progress.device_key or "")
    if not device.remembered or device.verifier is None:
        raise no_device()
    return device


def _verifier_of(device: PoolDevice) -> str:
    if device.verifier is None:
        raise no_device()
    return device.verifier.reveal()
