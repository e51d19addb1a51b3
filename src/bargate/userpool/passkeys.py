"""Passkeys of users: which may be used, how they are named to browsers, used, and deleted.

`usable` gives what USER_AUTH offers. INVARIANT: a passkey is used for the relying party that it was
made for, by the user whose it is, and its count only goes up.

Where the client hides users, somebody must not learn who there is from whether a passkey is
offered. So names that nobody has are offered one or not, as a coin falls that the pool's secret
throws: always the same for one name (WebAuthn §14.6.2).
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.pool_passkey import POOL_PASSKEY, PoolPasskey
from bargate.userpool.credential_json import base64url
from bargate.userpool.relying_party import relying_party_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import Pools

MAX_PASSKEYS: Final = 20  # AWS [M] of one user
_ID_BYTES: Final = (16, 20, 32)  # of usual authenticators
_NAMES: Final = {
    "cross-platform": "Roaming passkey",
    "platform": "Platform passkey",
}  # AWS [D], [I]


def usable(pools: Pools, tx: Reader, pool: UserPool, sought: Sought) -> tuple[PoolPasskey, ...]:
    """Give the passkeys that somebody may be asked for; of a name that nobody has, pretended ones."""
    rp_id = relying_party_of(pool)
    if rp_id is None:
        return ()
    if sought.user is None:
        return _pretended(pools.keyring.of(tx, pool.id).secret, pool, sought.name, rp_id)
    return passkeys_of(tx, sought.user, rp_id)


def with_passkeys(pools: Pools, tx: Reader, pool: UserPool, sought: Sought) -> Sought:
    """Give who was sought with the passkeys that they may be asked for."""
    return replace(sought, passkeys=usable(pools, tx, pool, sought))


def passkeys_of(tx: Reader, user: PoolUser, rp_id: str) -> tuple[PoolPasskey, ...]:
    """Give a user's passkeys for a relying party."""
    found = tx.list(POOL_PASSKEY, (user.pool_id, user.sub), limit=MAX_PASSKEYS)
    return tuple(each for each in found if each.rp_id == rp_id)


def check_room(tx: Reader, user: PoolUser) -> None:
    """Raise LimitExceededException for a user who has as many passkeys as may be."""
    held = tx.list(POOL_PASSKEY, (user.pool_id, user.sub), limit=MAX_PASSKEYS)
    if len(held) >= MAX_PASSKEYS:
        message = f"A user can have at most {MAX_PASSKEYS} passkeys: delete one first."
        raise AwsError("LimitExceededException", message)


def described(passkeys: Iterable[PoolPasskey]) -> list[dict[str, Any]]:
    """Name passkeys to a browser (PublicKeyCredentialDescriptorJSON)."""
    return [
        {"id": each.id, "type": "public-key"}
        | ({"transports": list(each.transports)} if each.transports else {})
        for each in passkeys
    ]


def friendly_name(passkey: PoolPasskey) -> str:
    """Give the name that a passkey has in lists."""
    return _NAMES.get(passkey.attachment or "", "Passkey")


def note_use(tx: Transaction, passkey: PoolPasskey, count: int, now: datetime) -> bool:
    """Store a use, and say whether it may be: False for a count that did not go up.

    Such a passkey may have been copied (WebAuthn §6.1.1); one that was deleted meanwhile is gone.
    """
    current = tx.find(POOL_PASSKEY, POOL_PASSKEY.key_of(passkey))
    if current is None or current.public_key != passkey.public_key:
        return False
    if (count or current.sign_count) and count <= current.sign_count:
        return False
    tx.update(
        POOL_PASSKEY,
        POOL_PASSKEY.key_of(passkey),
        lambda old: replace(old, sign_count=count, last_used_at=now),
    )
    return True


def delete_passkey(tx: Transaction, user: PoolUser, credential_id: str) -> None:
    """Delete a user's passkey; raises ResourceNotFoundException."""
    key = (user.pool_id, user.sub, credential_id)
    if tx.find(POOL_PASSKEY, key) is None:
        raise AwsError("ResourceNotFoundException", "The user has no passkey of this CredentialId.")
    tx.delete(POOL_PASSKEY, key)


def _pretended(secret: str, pool: UserPool, name: str, rp_id: str) -> tuple[PoolPasskey, ...]:
    text = f"passkey\0{name}".encode("utf-8", "surrogatepass")
    drawn = hmac.digest(secret.encode(), text, "sha512")
    if drawn[-1] % 2:
        return ()
    size = _ID_BYTES[drawn[-2] % len(_ID_BYTES)]
    return (
        PoolPasskey(
            pool_id=pool.id,
            sub="",
            id=base64url(drawn[:size]),
            rp_id=rp_id,
            public_key="",
            transports=("hybrid", "internal"),
            created_at=datetime.fromtimestamp(0, UTC),
        ),
    )
