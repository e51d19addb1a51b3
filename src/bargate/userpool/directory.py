"""Pools as wholes: made with their keys, deleted with all that is in them."""

from __future__ import annotations

import asyncio
import secrets
import string
from typing import TYPE_CHECKING, Any, Final

from bargate.records.pool_auth_event import POOL_AUTH_EVENT
from bargate.records.pool_code import POOL_CODE
from bargate.records.pool_configuration import POOL_CONFIGURATION
from bargate.records.pool_device import POOL_DEVICE
from bargate.records.pool_group import POOL_GROUP, POOL_MEMBERSHIP
from bargate.records.pool_identity_provider import POOL_IDENTITY, POOL_IDENTITY_PROVIDER
from bargate.records.pool_import import POOL_IMPORT
from bargate.records.pool_passkey import POOL_PASSKEY
from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.records.pool_resource_server import POOL_RESOURCE_SERVER
from bargate.records.pool_revocation import POOL_REVOCATION
from bargate.records.pool_signing_key import POOL_SECRET, POOL_SIGNING_KEY
from bargate.records.pool_user import POOL_CREDENTIALS, POOL_USER
from bargate.records.user_pool import USER_POOL
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.userpool.keys import new_pool_secret, new_signing_key
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction
    from bargate.store.kind import Kind
    from bargate.userpool.pools import Pools

_ID_CHARACTERS: Final = string.ascii_letters + string.digits
_ID_LENGTH: Final = 9  # AWS [O]
_DELETED_AT_ONCE: Final = 200
# What is in a pool, keyed (pool id, …): it goes with it. A kind more is a line more.
CONTENTS: Final[tuple[Kind[Any], ...]] = (
    POOL_IMPORT,
    REFRESH_FAMILY,
    POOL_REVOCATION,
    POOL_CREDENTIALS,
    POOL_CODE,
    POOL_DEVICE,
    POOL_AUTH_EVENT,
    POOL_PASSKEY,
    POOL_IDENTITY,
    POOL_IDENTITY_PROVIDER,
    POOL_CONFIGURATION,
    POOL_MEMBERSHIP,
    POOL_USER,
    POOL_GROUP,
    POOL_RESOURCE_SERVER,
    POOL_SIGNING_KEY,
    POOL_SECRET,
)


def new_pool_id(region: str) -> str:
    """Draw the id of a pool."""
    return f"{region}_{''.join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH))}"


async def create_pool(pools: Pools, pool: UserPool) -> None:
    """Store a pool and its keys."""
    keys = await asyncio.gather(
        asyncio.to_thread(new_signing_key, pool.id, "id", pool.created_at),
        asyncio.to_thread(new_signing_key, pool.id, "access", pool.created_at),
    )

    def work(tx: Transaction) -> None:
        tx.create(USER_POOL, pool)
        tx.create(POOL_SECRET, new_pool_secret(pool.id))
        for key in keys:
            tx.create(POOL_SIGNING_KEY, key)

    await pools.store.submit(work)


def detach_pool(tx: Transaction, pool: UserPool) -> None:
    """Delete a pool and its clients, by which everything in it was found; raises AwsError."""
    current = tx.find(USER_POOL, USER_POOL.key_of(pool))
    if current is None:
        raise AwsError("ResourceNotFoundException", f"User pool {pool.id} does not exist.")
    if current.is_protected:
        message = "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first."
        raise AwsError("InvalidParameterException", message)
    for client in tx.list(USER_POOL_CLIENT, (pool.id,)):
        tx.delete(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client))
    tx.delete(USER_POOL, USER_POOL.key_of(pool))


async def delete_contents(pools: Pools, pool_id: str) -> None:
    """Delete what was in a pool, a little at a time so that others may write in between.

    What a crash leaves leads nowhere: ids of pools are never drawn again.
    """
    for kind in CONTENTS:
        while await pools.store.submit(lambda tx, kind=kind: _delete_some(tx, kind, pool_id)):  # type: ignore[misc]
            pass


def _delete_some(tx: Transaction, kind: Kind[Any], pool_id: str) -> bool:
    found = tx.list(kind, (pool_id,), limit=_DELETED_AT_ONCE)
    for record in found:
        tx.delete(kind, kind.key_of(record))
    return len(found) == _DELETED_AT_ONCE
