"""Check the codes of virtual MFA devices; a code is good once."""

from datetime import datetime

from msgspec import structs

from bargate.identity.find import iam_arn
from bargate.identity.totp import matching_step, step_at
from bargate.records.mfa_device import MFA_DEVICE, MfaDevice, device_key
from bargate.store.interface import Reader, Transaction

_TOLERANCE_STEPS = 1
_SYNCHRONISING_STEPS = 10  # [I] five minutes off at most


def device_of(tx: Reader, serial_number: str) -> MfaDevice | None:
    """Find a virtual MFA device of any account by its serial number, which is its ARN."""
    arn = iam_arn(serial_number)
    if arn is None or not arn.resource.startswith("mfa/"):
        return None
    device = tx.find(MFA_DEVICE, device_key(arn.account, arn.resource.removeprefix("mfa")))
    return device if device is not None and device.arn == serial_number else None


def accept_code(
    tx: Transaction, serial_number: str, owner_id: str, code: str, now: datetime
) -> bool:
    """Say whether a code is good for an enabled device of the owner, and use it up.

    `owner_id` is the user's id, or the account's for the root user. The transaction must be kept.
    """
    device = device_of(tx, serial_number)
    if device is None or device.owner_id is None or device.owner_id != owner_id:
        return False
    middle = step_at(now.timestamp()) + device.drift_steps
    steps = range(middle - _TOLERANCE_STEPS, middle + _TOLERANCE_STEPS + 1)
    step = matching_step(device.seed, (code,), (s for s in steps if s > device.last_step))
    if step is None:
        return False
    used = step
    tx.update(
        MFA_DEVICE,
        MFA_DEVICE.key_of(device),
        lambda device: structs.replace(device, last_step=used),
    )
    return True


def synchronised(device: MfaDevice, codes: tuple[str, str], now: datetime) -> MfaDevice | None:
    """Give the device with its clock set by two consecutive codes; None when they do not fit."""
    middle = step_at(now.timestamp())
    steps = range(middle - _SYNCHRONISING_STEPS, middle + _SYNCHRONISING_STEPS + 1)
    step = matching_step(device.seed, codes, (s for s in steps if s > device.last_step))
    if step is None:
        return None
    # The second code is the current one, or the one before: what is left is the clock's drift.
    drift = step + 1 - middle
    drift = 0 if abs(drift) <= _TOLERANCE_STEPS else drift
    return structs.replace(device, drift_steps=drift, last_step=step + 1)
