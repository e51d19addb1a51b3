"""Passkeys of users of user pools: public keys whose private halves never leave authenticators."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Index, Kind

Attachment = Literal["platform", "cross-platform"]


class PoolPasskey(Struct, frozen=True, kw_only=True):
    """A passkey. `id` is the credential id, `public_key` a COSE key, both base64url.

    It is good for `rp_id` alone, the host that it was made for. `sign_count` is what its
    authenticator counted last, 0 where it does not count.
    """

    pool_id: str
    sub: str
    id: str
    rp_id: str
    public_key: str
    sign_count: int = 0
    attachment: Attachment | None = None
    transports: tuple[str, ...] = ()
    created_at: datetime
    last_used_at: datetime | None = None


# A credential id is one user's in a pool (WebAuthn §7.1, step 26).
POOL_PASSKEY: Kind[PoolPasskey] = Kind(
    "pool_passkey",
    PoolPasskey,
    lambda passkey: (passkey.pool_id, passkey.sub, passkey.id),
    (Index("credential", lambda passkey: (passkey.pool_id, passkey.id), unique=True),),
)
