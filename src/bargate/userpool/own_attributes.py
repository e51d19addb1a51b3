"""What users change of themselves: attributes, with the addresses among them verified by code.

update ──► write rights, schema ──► attributes, or `pending` until verified ──► codes sent
verify ──► code taken ──► pending value moves in, {address}_verified
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from bargate.userpool.attributes import check_change, check_removal, check_writable
from bargate.userpool.codes import drop_code, expired_code, put_code, take_code
from bargate.userpool.destinations import Address, Destination, as_address
from bargate.userpool.find import the_user
from bargate.userpool.messages import Sending, send_code
from bargate.userpool.users import changed_attributes, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bargate.records.pool_code import PoolCode
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.access_tokens import Holder
    from bargate.userpool.pools import Pools

_SENDS = "GetUserAttributeVerificationCode"


class Written(Struct, frozen=True, kw_only=True):
    """A user with other attributes, and the codes that are to go out."""

    pool: UserPool
    user: PoolUser
    codes: tuple[tuple[Destination, str], ...] = ()
    client_id: str = "CLIENT_ID_NOT_APPLICABLE"


async def update_own(
    pools: Pools,
    holder_in: Callable[[Reader], Holder],
    changes: Mapping[str, str],
    metadata: Mapping[str, str],
    now: datetime,
) -> list[Destination]:
    """Change attributes, and say where codes went; raises AwsError."""

    # Whoever holds a token is asked again in the transaction that writes.
    def work(tx: Transaction) -> Written:
        holder = holder_in(tx)
        check_writable(holder.client, changes)
        written = write(tx, holder.pool, holder.user, changes, now)
        if written.codes:
            pools.attempts.take(_SENDS, holder.pool.id, holder.user.sub, now.timestamp())
        return replace(written, client_id=holder.client.id)

    return await _send(pools, await pools.store.submit(work), metadata)


async def admin_update(
    pools: Pools,
    pool: UserPool,
    name: str,
    changes: Mapping[str, str],
    metadata: Mapping[str, str],
    now: datetime,
) -> None:
    """Change attributes for an administrator, who may say that an address is verified."""
    written = await pools.store.submit(
        lambda tx: write(tx, pool, the_user(tx, pool, name), changes, now)
    )
    await _send(pools, written, metadata)


def write(
    tx: Transaction,
    pool: UserPool,
    user: PoolUser,
    changes: Mapping[str, str],
    now: datetime,
) -> Written:
    """Change attributes, and make the codes that verify the addresses among them."""
    check_change(pool, user.attributes, changes)
    check_losses(pool, user, [name for name, value in changes.items() if value == ""])
    waiting = _waiting(pool, user, changes)
    at_once = {name: value for name, value in changes.items() if name not in waiting}
    attributes = changed_attributes(user.attributes, at_once)
    pending = {name: value for name, value in user.pending.items() if name not in changes} | waiting

    def change(old: PoolUser) -> PoolUser:
        return replace(old, attributes=attributes, pending=pending, modified_at=now)

    changed = update_user(tx, pool, user, change)
    codes = tuple(
        (to, put_code(tx, changed, to.attribute, to, now)) for to in _to_verify(pool, user, changed)
    )
    return Written(pool=pool, user=changed, codes=codes)


def _waiting(pool: UserPool, user: PoolUser, changes: Mapping[str, str]) -> dict[str, str]:
    """Give the new addresses that the pool lets in only once they are verified."""
    return {
        name: changes[name]
        for name in pool.verified_before_update
        if changes.get(name)
        and changes[name] != user.attributes.get(name)
        and changes.get(f"{name}_verified", "").lower() != "true"
    }


def _to_verify(pool: UserPool, old: PoolUser, new: PoolUser) -> list[Destination]:
    """Give the new addresses that are yet to be verified."""
    found = []
    for name in ("email", "phone_number"):
        attribute = as_address(name)
        if attribute is None:
            continue
        if new.pending.get(name) and new.pending[name] != old.pending.get(name):
            found.append(Destination(attribute=attribute, value=new.pending[name]))
        elif name in pool.auto_verified and _is_new(old, new, name):
            found.append(Destination(attribute=attribute, value=new.attributes[name]))
    return found


def _is_new(old: PoolUser, new: PoolUser, name: str) -> bool:
    value = new.attributes.get(name)
    is_verified = new.attributes.get(f"{name}_verified") == "true"
    return bool(value) and value != old.attributes.get(name) and not is_verified


async def _send(pools: Pools, written: Written, metadata: Mapping[str, str]) -> list[Destination]:
    for to, code in written.codes:
        await _send_one(pools, written, to, code, "UpdateUserAttribute", metadata)
    return [to for to, _ in written.codes]


async def _send_one(
    pools: Pools,
    written: Written,
    to: Destination,
    code: str,
    purpose: str,
    metadata: Mapping[str, str],
) -> None:
    sending = Sending(
        pool=written.pool,
        user=written.user,
        to=to,
        purpose=purpose,
        code=code,
        client_id=written.client_id,
        metadata=metadata,
    )
    await send_code(pools, sending)


def check_losses(pool: UserPool, user: PoolUser, names: list[str]) -> None:
    """Raise InvalidParameterException unless a user may lose attributes."""
    check_removal(pool, names)
    named_by = [name for name in pool.username_attributes if user.attributes.get(name)]
    if named_by and set(named_by) <= set(names):
        message = f"{named_by[0]}: Attribute cannot be deleted."
        raise AwsError("InvalidParameterException", message)


def delete_own(tx: Transaction, holder: Holder, names: tuple[str, ...], now: datetime) -> None:
    """Take attributes away from the user themself; raises AwsError."""
    check_writable(holder.client, names)
    lose(tx, holder.pool, holder.user, names, now)


def lose(
    tx: Transaction, pool: UserPool, user: PoolUser, names: tuple[str, ...], now: datetime
) -> None:
    """Take attributes away, and what waits to take their place; raises AwsError."""
    check_losses(pool, user, list(names))
    attributes = changed_attributes(user.attributes, {}, names)
    pending = {name: each for name, each in user.pending.items() if name not in names}

    def change(old: PoolUser) -> PoolUser:
        return replace(old, attributes=attributes, pending=pending, modified_at=now)

    update_user(tx, pool, user, change)
    for name in names:
        attribute = as_address(name)
        if attribute is not None:
            drop_code(tx, user, attribute)


async def send_verification(
    pools: Pools,
    holder_in: Callable[[Reader], Holder],
    name: str,
    metadata: Mapping[str, str],
    now: datetime,
) -> Destination:
    """Send a code that verifies an address, the one that waits if one does; raises AwsError."""
    attribute = _address(name)

    def work(tx: Transaction) -> tuple[Written, Destination, str]:
        holder = holder_in(tx)
        user = holder.user
        value = user.pending.get(attribute) or user.attributes.get(attribute)
        if not value:
            message = f"User does not have {attribute} to verify."
            raise AwsError("InvalidParameterException", message)
        pools.attempts.take(_SENDS, user.pool_id, user.sub, now.timestamp())
        to = Destination(attribute=attribute, value=value)
        written = Written(pool=holder.pool, user=user, client_id=holder.client.id)
        return written, to, put_code(tx, user, attribute, to, now)

    written, to, code = await pools.store.submit(work)
    await _send_one(pools, written, to, code, "VerifyUserAttribute", metadata)
    return to


async def verify_attribute(
    pools: Pools,
    holder_in: Callable[[Reader], Holder],
    name: str,
    code: str,
    now: datetime,
) -> None:
    """Verify an address by the code that went there; raises AwsError."""
    attribute = _address(name)
    holder = pools.store.read(holder_in)
    pools.attempts.take("VerifyUserAttribute", holder.pool.id, holder.user.sub, now.timestamp())

    def work(tx: Transaction) -> None:
        current = holder_in(tx)
        proven = take_code(tx, current.user, attribute, code, now)
        if proven.value not in (
            current.user.pending.get(attribute),
            current.user.attributes.get(attribute),
        ):
            raise expired_code()  # it went to an address that is the user's no more
        update_user(tx, current.pool, current.user, lambda old: _verified(old, proven, now))

    await pools.store.submit(work)


def _verified(user: PoolUser, proven: PoolCode, now: datetime) -> PoolUser:
    name = proven.attribute
    attributes = {**user.attributes, name: proven.value, f"{name}_verified": "true"}
    pending = {
        key: value for key, value in user.pending.items() if (key, value) != (name, proven.value)
    }
    return replace(user, attributes=attributes, pending=pending, modified_at=now)


def _address(name: str) -> Address:
    attribute = as_address(name)
    if attribute is None:
        message = f"Invalid attribute name: {name[:32]} cannot be verified by a code."
        raise AwsError("InvalidParameterException", message)
    return attribute
