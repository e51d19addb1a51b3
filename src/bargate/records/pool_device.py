"""Devices that users of user pools signed in with, and which of them are remembered."""

from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class PoolDevice(Struct, frozen=True, kw_only=True):
    """A device. `salt` and `verifier` (hex) are what DEVICE_SRP_AUTH checks.

    They are absent until it is confirmed (ConfirmDevice); `group_key` is its DeviceGroupKey.
    """

    pool_id: str
    sub: str
    key: str
    group_key: str
    name: str | None = None
    salt: str | None = None
    verifier: Secret | None = None
    remembered: bool = False
    created_at: datetime
    modified_at: datetime
    last_authenticated_at: datetime
    last_ip: str | None = None


POOL_DEVICE: Kind[PoolDevice] = Kind(
    "pool_device", PoolDevice, lambda device: (device.pool_id, device.sub, device.key)
)
