"""What gateways know of the user pools of this installation: whose keys, and whose tokens ended."""

from msgspec import Struct


class PoolKey(Struct, frozen=True, kw_only=True):
    """A public RSA key; modulus and exponent are base64url as in a JWK.

    From `ends_at` (seconds, epoch) on it verifies nothing.
    """

    kid: str
    modulus: str
    exponent: str
    ends_at: float | None = None


class PublishedPool(Struct, frozen=True, kw_only=True, tag="user_pool"):
    """A pool by its ARN, the issuer that its tokens name, and all keys that verify them."""

    arn: str
    issuer: str
    keys: tuple[PoolKey, ...]


class EndedTokens(Struct, frozen=True, kw_only=True, tag="ended_tokens"):
    """Tokens of a user that are not taken any more: those from before `at`, or of one `origin`.

    `at` is in whole seconds, as `iat` is; `excepted` are families of that second that are good all
    the same. `key` is what the store knows it by.
    """

    issuer: str
    key: tuple[str, ...]
    sub: str
    origin: str = ""
    at: int
    excepted: tuple[str, ...] = ()
