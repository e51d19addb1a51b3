"""DEVICE_PASSWORD_VERIFIER: the device's proof of its own secret, compared with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.challenges.device_srp_auth import remembered_device
from bargate.userpool.challenges.password_verifier import signature_fits
from bargate.userpool.find import user_of, wrong_password
from bargate.userpool.gates.device import PROVEN
from bargate.userpool.mfa import PASSED
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import required

if TYPE_CHECKING:
    from bargate.records.pool_device import PoolDevice
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress


async def device_password_verifier(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Compare the signature, then go on; a remembered device takes MFA's place if the pool says so."""

    def work(tx: Reader) -> tuple[PoolUser, PoolDevice]:
        user = user_of(tx, asked.pool, progress.sub)
        return user, remembered_device(tx, asked, progress)

    user, device = pools.store.read(work)
    if required(asked, "DEVICE_KEY") != device.key:
        raise wrong_password()
    with pools.lockouts.attempt(asked.pool.id, device.sub, asked.now.timestamp()) as attempt:
        fits = signature_fits(asked, progress.data["key"], device.group_key, device.key)
        is_same = device.created_at.isoformat() == progress.data["made"]
        is_right = attempt.settle(is_right=fits and is_same)
    if not is_right:
        raise wrong_password()
    settings = asked.pool.devices
    replaces_mfa = settings is not None and settings.challenge_required_on_new_device
    proven = (PROVEN, PASSED) if replaces_mfa else (PROVEN,)
    return await proceed(pools, asked, progress.proven(*proven), user)
