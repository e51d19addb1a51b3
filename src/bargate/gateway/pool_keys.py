"""Key sets of all issuers: those of this installation's user pools from the snapshot, others by HTTP.

    Served.apply ──► pools, ended tokens ──┐
                                           ├──► PoolKeyDirectory ◄── steps of authorizers
    HttpKeyDirectory (foreign issuers) ────┘

INVARIANT: for an issuer of this installation nothing is ever fetched.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bargate.model.user_pool import EndedTokens, PublishedPool
from bargate.tokens.jwk import VerificationKey, import_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.access.key_directory import KeySource
    from bargate.gateway.key_directory import HttpKeyDirectory
    from bargate.model.user_pool import PoolKey

_PARTS: Final = ("user_pool/", "ended_tokens/")


class _Key(Struct, frozen=True, eq=False):
    """A key, and when it ends (seconds, epoch)."""

    verifies: VerificationKey
    ends_at: float


class PoolKeyDirectory:
    """An `access.key_directory.KeyDirectory`, and a `gateway.served.Directory` of pools."""

    def __init__(self, foreign: HttpKeyDirectory, clock: Callable[[], float] = time.time) -> None:
        self._foreign = foreign
        self._clock = clock
        self._changes = 0
        self._pools: dict[str, PublishedPool] = {}  # by the names of their parts
        self._issuers: dict[str, str] = {}  # by ARN
        self._keys: dict[str, dict[str, _Key]] = {}  # by issuer, then kid
        self._ended: dict[str, EndedTokens] = {}  # by the names of their parts
        self._ended_of: dict[tuple[str, str], dict[str, EndedTokens]] = {}  # by issuer and sub

    @property
    def generation(self) -> int:
        """A number that changes whenever any key set does."""
        return self._foreign.generation + self._changes

    def apply(self, name: str, part: object | None) -> None:
        """Take over a part by its name, None when it is gone."""
        if name.startswith(_PARTS[0]):
            self._apply_pool(name, part)
        elif name.startswith(_PARTS[1]):
            self._apply_ended(name, part)

    def find(self, source: KeySource, kid: str | None) -> VerificationKey | None:
        """Give the key of `source` named `kid`, or None when it is not in memory."""
        keys = self._keys.get(source.issuer)
        if keys is None:
            return self._foreign.find(source, kid)
        key = keys.get(kid or "")
        return None if key is None or key.ends_at <= self._clock() else key.verifies

    def may_fetch(self, source: KeySource, now: float) -> bool:
        """Say whether fetching the key set again is allowed: never that of a pool here."""
        return source.issuer not in self._keys and self._foreign.may_fetch(source, now)

    async def fetch(self, source: KeySource) -> None:
        """Fetch a foreign key set."""
        if source.issuer not in self._keys:
            await self._foreign.fetch(source)

    def describe(self, source: KeySource) -> str:
        """Say in one line what is known of the key set."""
        keys = self._keys.get(source.issuer)
        if keys is None:
            return self._foreign.describe(source)
        return f"{source.issuer} is a user pool here, its {len(keys)} keys: {' '.join(keys)}"

    def issuer_of(self, pool_arn: str) -> str | None:
        """Give the issuer of a user pool of this installation, None for any other ARN."""
        return self._issuers.get(pool_arn)

    def is_ended(self, issuer: str, claims: Mapping[str, Any]) -> bool:
        """Say whether a verified token was ended: its user signed out, or its family revoked."""
        if not self._ended_of:
            return False
        ended = self._ended_of.get((issuer, str(claims.get("sub"))))
        return ended is not None and any(_ends(each, claims) for each in ended.values())

    async def close(self) -> None:
        """Cancel what is under way and wait for its end."""
        await self._foreign.close()

    def _apply_pool(self, name: str, part: object | None) -> None:
        old = self._pools.pop(name, None)
        if old is not None:
            self._issuers.pop(old.arn, None)
            self._keys.pop(old.issuer, None)
        if isinstance(part, PublishedPool):
            self._pools[name] = part
            self._issuers[part.arn] = part.issuer
            self._keys[part.issuer] = {each.kid: _imported(each) for each in part.keys}
        self._changes += 1

    def _apply_ended(self, name: str, part: object | None) -> None:
        old = self._ended.pop(name, None)
        if old is not None:
            of_user = self._ended_of[old.issuer, old.sub]
            del of_user[name]
            if not of_user:
                del self._ended_of[old.issuer, old.sub]
        if isinstance(part, EndedTokens):
            self._ended[name] = part
            self._ended_of.setdefault((part.issuer, part.sub), {})[name] = part


def _imported(key: PoolKey) -> _Key:
    jwk = {"kty": "RSA", "alg": "RS256", "kid": key.kid, "n": key.modulus, "e": key.exponent}
    ends_at = math.inf if key.ends_at is None else key.ends_at
    return _Key(import_key(jwk), ends_at)


def _ends(ended: EndedTokens, claims: Mapping[str, Any]) -> bool:
    """Say whether a token is among the ended; one without `iat` is, with all of its user."""
    origin = claims.get("origin_jti")
    if ended.origin:
        return origin == ended.origin
    issued = claims.get("iat")
    if not isinstance(issued, int) or issued < ended.at:
        return True
    return issued == ended.at and origin not in ended.excepted
