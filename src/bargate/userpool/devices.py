"""Devices: named at sign-in, confirmed by their user, remembered, and proven by their own SRP.

    sign-in without a known DEVICE_KEY ──► NewDeviceMetadata, device_key in the access token
    ConfirmDevice (that token) ──► stored with its verifier ──► remembered: at once, or by choice

A device is stored as it is confirmed, so sign-ins alone make no records; its group key follows from
its user. INVARIANT: no refresh token outlives the device that it was got on.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_device import POOL_DEVICE, PoolDevice
from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.secret import Secret
from bargate.userpool import srp
from bargate.userpool.progress import NewDevice
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.access_tokens import Holder
    from bargate.userpool.pools import Pools

MAX_DEVICES: Final = 500  # [I] of one user
_MAX_SALT_BYTES: Final = 64
_MAX_VERIFIER_BYTES: Final = 385  # 3,072 bits, and a zero before a set top bit
_GROUP_CHARACTERS: Final = 12


class Confirmation(Struct, frozen=True, kw_only=True):
    """What ConfirmDevice says: which device, the verifier of its secret, and a name to know it by."""

    key: str
    verifier: Mapping[str, str]
    name: str | None


def new_device(pools: Pools, pool: UserPool, user: PoolUser) -> NewDevice:
    """Name a device that nobody knows yet (AWS [D] §3: `{region}_{uuid}`)."""
    secret = pools.store.read(lambda tx: pools.keyring.of(tx, pool.id)).secret
    key = f"{pool.region}_{uuid.uuid4()}"
    return NewDevice(key=key, group_key=group_key_of(secret, user.sub))


def group_key_of(secret: str, sub: str) -> str:
    """Give the DeviceGroupKey of a user's devices: always the same."""
    digest = hmac.digest(secret.encode(), f"devices\0{sub}".encode(), "sha256")
    return f"-{base64.urlsafe_b64encode(digest).decode('ascii')[:_GROUP_CHARACTERS]}"


def find_device(tx: Reader, user: PoolUser, key: str) -> PoolDevice:
    """Give a device of a user; raises ResourceNotFoundException."""
    found = tx.find(POOL_DEVICE, (user.pool_id, user.sub, key))
    if found is None:
        raise no_device()
    return found


def no_device() -> AwsError:
    """Give the refusal of a device that is not known, upon which clients begin anew without it."""
    return AwsError("ResourceNotFoundException", "Device does not exist.")


def confirm(
    pools: Pools,
    tx: Transaction,
    holder: Holder,
    given: Confirmation,
    now: datetime,
) -> bool:
    """Store the device that a token was got on; say whether its user must still remember it.

    Raises AwsError. INVARIANT: no token confirms another device than its own.
    """
    settings, user = holder.pool.devices, holder.user
    if settings is None:
        message = "Device tracking is not configured for the user pool."
        raise AwsError("InvalidUserPoolConfigurationException", message)
    if holder.claims.get("device_key") != given.key:
        raise no_device()
    salt, verifier = _verifier(given.verifier)
    if tx.find(POOL_DEVICE, (user.pool_id, user.sub, given.key)) is not None:
        raise AwsError("DeviceKeyExistsException", "Device key already exists.")
    if len(tx.list(POOL_DEVICE, (user.pool_id, user.sub), limit=MAX_DEVICES)) >= MAX_DEVICES:
        message = f"A user can have at most {MAX_DEVICES} devices: forget one first."
        raise AwsError("InvalidParameterException", message)
    device = PoolDevice(
        pool_id=user.pool_id,
        sub=user.sub,
        key=given.key,
        group_key=group_key_of(pools.keyring.of(tx, user.pool_id).secret, user.sub),
        name=given.name,
        salt=salt,
        verifier=Secret(verifier),
        remembered=not settings.only_remembered_on_user_prompt,
        created_at=now,
        modified_at=now,
        last_authenticated_at=now,
        last_ip=_address_of(tx, holder),
    )
    tx.create(POOL_DEVICE, device)
    return settings.only_remembered_on_user_prompt


def remember(
    tx: Transaction, user: PoolUser, key: str, now: datetime, *, is_remembered: bool
) -> None:
    """Let a device be remembered, or not; raises ResourceNotFoundException."""
    device = find_device(tx, user, key)
    tx.update(
        POOL_DEVICE,
        POOL_DEVICE.key_of(device),
        lambda old: replace(old, remembered=is_remembered, modified_at=now),
    )


def forget(tx: Transaction, user: PoolUser, key: str, now: datetime) -> None:
    """Delete a device; what was begun on it ends with its access token [I]; raises AwsError."""
    device = find_device(tx, user, key)
    tx.delete(POOL_DEVICE, POOL_DEVICE.key_of(device))
    for family in tx.list(REFRESH_FAMILY, (user.pool_id, user.sub)):
        if family.device_key == key:
            tx.update(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family), _ended_at(now))


def _ended_at(now: datetime) -> Callable[[RefreshFamily], RefreshFamily]:
    return lambda old: replace(old, expires_at=min(old.expires_at, now))


def note_use(tx: Transaction, user: PoolUser, key: str, now: datetime, ip: str) -> None:
    """Note that somebody signed in on a device; raises ResourceNotFoundException if it is gone."""
    device = find_device(tx, user, key)
    tx.update(
        POOL_DEVICE,
        POOL_DEVICE.key_of(device),
        lambda old: replace(old, last_authenticated_at=now, last_ip=ip or None),
    )


def _verifier(given: Mapping[str, str]) -> tuple[str, str]:
    """Give salt and verifier in hexadecimal; raises InvalidParameterException."""
    salt = _bytes("Salt", given.get("Salt"), _MAX_SALT_BYTES)
    verifier = _bytes("PasswordVerifier", given.get("PasswordVerifier"), _MAX_VERIFIER_BYTES)
    number = int.from_bytes(verifier)
    if not 1 < number < srp.N - 1 or not any(salt):
        message = "DeviceSecretVerifierConfig: Salt and PasswordVerifier are not those of a secret."
        raise AwsError("InvalidParameterException", message)
    return salt.hex(), f"{number:x}"


def _bytes(name: str, text: str | None, limit: int) -> bytes:
    try:
        found = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not 0 < len(found) <= limit:
        message = f"DeviceSecretVerifierConfig: {name} must be Base64 of 1 to {limit} bytes."
        raise AwsError("InvalidParameterException", message)
    return found


def _address_of(tx: Reader, holder: Holder) -> str | None:
    origin = str(holder.claims.get("origin_jti"))
    family = tx.find(REFRESH_FAMILY, (holder.pool.id, holder.user.sub, origin))
    return None if family is None else family.source_ip
