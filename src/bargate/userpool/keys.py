"""Keys of a pool: two RSA keys that sign, one for each use of tokens, and what is published of them.

records (sealed) ──► Keyring: loaded once, forgotten when a record of the pool changes, and when
                              another key begins to sign or one ends (`rotation`)
"""

from __future__ import annotations

import base64
import math
import os
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import Struct

from bargate.records.pool_signing_key import (
    POOL_SECRET,
    POOL_SIGNING_KEY,
    PoolSecret,
    PoolSigningKey,
    TokenUse,
)
from bargate.secret import Secret
from bargate.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

    from bargate.store.interface import Change, Reader

KEY_BITS: Final = 2_048
MAX_POOLS: Final = 1_000
_EXPONENT: Final = 65_537
_KINDS: Final = frozenset({POOL_SIGNING_KEY.name, POOL_SECRET.name})


class LoadedKey(Struct, frozen=True, eq=False):
    """A key that is ready to sign and to verify."""

    record: PoolSigningKey
    private: RSAPrivateKey
    public: RSAPublicKey


class PoolKeys(Struct, frozen=True, eq=False):
    """All that one pool has: keys by kid, the two that sign, and the secret of its stand-ins.

    It is so until `good_until` (seconds, epoch).
    """

    by_kid: Mapping[str, LoadedKey]
    signing: Mapping[str, LoadedKey]
    secret: str
    good_until: float = math.inf

    def key_set(self) -> dict[str, Any]:
        """Give the JWK Set (AWS [D] cognito-userpools §5: alg, e, kid, kty, n, use)."""
        return {"keys": [_jwk(each.record) for each in self.by_kid.values()]}


class Keyring:
    """The keys of pools, kept loaded: to load one takes longer than to sign with it."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._pools: OrderedDict[str, PoolKeys] = OrderedDict()
        self._clock = clock

    def of(self, tx: Reader, pool_id: str) -> PoolKeys:
        """Give the keys of a pool that exists."""
        found = self._pools.get(pool_id)
        now = self._clock()
        if found is None or found.good_until <= now:
            found = _load(tx, pool_id, now)
            self._pools[pool_id] = found
            if len(self._pools) > MAX_POOLS:
                self._pools.popitem(last=False)
        self._pools.move_to_end(pool_id)
        return found

    def committed(self, changes: frozenset[Change]) -> None:
        """Forget the pools whose keys a commit changed (a listener of the store)."""
        for change in changes:
            if change.kind in _KINDS:
                self._pools.pop(change.key[0], None)


def _load(tx: Reader, pool_id: str, now: float) -> PoolKeys:
    loaded: dict[str, LoadedKey] = {}
    signing: dict[str, LoadedKey] = {}
    turns = [math.inf]
    for record in sorted(tx.list(POOL_SIGNING_KEY, (pool_id,)), key=_age):
        starts, ends = _seconds(record.starts_at, 0.0), _seconds(record.ends_at, math.inf)
        if ends <= now:
            continue
        loaded[record.kid] = _loaded(record)
        turns += [each for each in (starts, ends) if each > now]
        if starts <= now:
            signing[record.use] = loaded[record.kid]
    secret = tx.get(POOL_SECRET, (pool_id,)).key.reveal()
    return PoolKeys(loaded, signing, secret, min(turns))


def _age(record: PoolSigningKey) -> datetime:
    return record.created_at


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()


def _loaded(record: PoolSigningKey) -> LoadedKey:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  no start waits

    private = serialization.load_pem_private_key(record.private.reveal().encode(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise TypeError(f"key {record.kid} of pool {record.pool_id} is no RSA key")
    return LoadedKey(record, private, private.public_key())


def new_signing_key(pool_id: str, use: TokenUse, now: datetime) -> PoolSigningKey:
    """Make a key; takes about 100 ms, so not on the event loop."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as in `_loaded`

    private = rsa.generate_private_key(_EXPONENT, KEY_BITS)
    numbers = private.public_key().public_numbers()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return PoolSigningKey(
        pool_id=pool_id,
        kid=base64.b64encode(os.urandom(32)).decode("ascii"),
        use=use,
        modulus=_integer(numbers.n),
        exponent=_integer(numbers.e),
        private=Secret(pem.decode("ascii")),
        created_at=now,
    )


def new_pool_secret(pool_id: str) -> PoolSecret:
    """Draw what answers about users who do not exist are derived from."""
    return PoolSecret(pool_id=pool_id, key=Secret(os.urandom(32).hex()))


def discovery(issuer: str) -> dict[str, Any]:
    """Give the discovery document of a pool without a domain (AWS [O])."""
    return {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


def _jwk(record: PoolSigningKey) -> dict[str, str]:
    return {
        "alg": "RS256",
        "e": record.exponent,
        "kid": record.kid,
        "kty": "RSA",
        "n": record.modulus,
        "use": "sig",
    }


def _integer(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8)).decode("ascii")
