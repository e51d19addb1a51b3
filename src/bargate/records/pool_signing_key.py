"""Keys of user pools: the RSA keys that sign tokens, and the secret that stands in for users."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind

TokenUse = Literal["id", "access"]


class PoolSigningKey(Struct, frozen=True, kw_only=True):
    """An RSA key. Of those for one use that have started the newest signs.

    It is published from the first, and verifies until `ends_at`; `starts_at` None is its creation.
    `modulus` and `exponent` are base64url as in a JWK; `private` is PKCS #8 in PEM.
    """

    pool_id: str
    kid: str
    use: TokenUse
    modulus: str
    exponent: str
    private: Secret
    created_at: datetime
    ends_at: datetime | None = None
    starts_at: datetime | None = None


class PoolSecret(Struct, frozen=True, kw_only=True):
    """What answers about users who do not exist are derived from, so that they stay the same."""

    pool_id: str
    key: Secret


POOL_SIGNING_KEY: Kind[PoolSigningKey] = Kind(
    "pool_signing_key", PoolSigningKey, lambda key: (key.pool_id, key.kid)
)

POOL_SECRET: Kind[PoolSecret] = Kind("pool_secret", PoolSecret, lambda each: (each.pool_id,))
