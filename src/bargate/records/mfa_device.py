"""Virtual MFA devices (RFC 6238), assigned to a user or not yet."""

import hashlib
from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind


class MfaDevice(Struct, frozen=True, kw_only=True):
    """A virtual MFA device. `seed` is Base32; `owner_id` a user's id or the account's for root.

    `drift_steps` is how far the device's clock is off; `last_step` the latest time step whose code
    was accepted: no code of that step or an earlier one is accepted again.
    """

    account_id: str
    name: str
    path: str
    seed: Secret
    created_at: datetime
    partition: str = "aws"
    owner_id: str | None = None
    enabled_at: datetime | None = None
    drift_steps: int = 0
    last_step: int = -1
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The serial number, which is an ARN."""
        return f"arn:{self.partition}:iam::{self.account_id}:mfa{self.path}{self.name}"


def device_key(account_id: str, path_and_name: str) -> tuple[str, str]:
    """Give a device's key: its path and name may be longer than a list's marker, so a digest."""
    return (account_id, hashlib.sha256(path_and_name.encode()).hexdigest()[:40])


MFA_DEVICE: Kind[MfaDevice] = Kind(
    "iam_mfa_device",
    MfaDevice,
    lambda device: device_key(device.account_id, f"{device.path}{device.name}"),
    (
        Index(
            "owner",
            lambda device: device.owner_id and (device.account_id, device.owner_id),
        ),
    ),
)
