"""Whose an access token is: what users' own operations stand on.

parse ──► pool (by `iss`) ──► key (by `kid`, for access tokens alone) ──► signature ──► claims ──►
client, user ──► not signed out, not revoked

INVARIANT: nothing of a token but the pool's id and the key's is believed before its signature is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.records.pool_user import POOL_USER
from bargate.records.user_pool import USER_POOL
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.tokens.fault import InvalidToken
from bargate.tokens.jwk import VerificationKey
from bargate.tokens.jws import parse, verify
from bargate.tokens.strict_json import MalformedJson, parse_object
from bargate.userpool.claims import API_SCOPE
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.store.interface import Reader
    from bargate.tokens.jws import Jws
    from bargate.userpool.pools import Pools

_ALGORITHMS: Final = frozenset({"RS256"})


class Holder(Struct, frozen=True, kw_only=True):
    """Who holds an access token, and through which client they got it."""

    pool: UserPool
    client: UserPoolClient
    user: PoolUser
    claims: dict[str, Any]


def holder_of(
    pools: Pools, tx: Reader, token: str, now: datetime, scope: str = API_SCOPE
) -> Holder:
    """Give the holder of an access token with a scope; raises NotAuthorizedException."""
    pool, claims = _verified(pools, tx, token)
    if not _is_current(claims, now):
        raise _refused("Access Token has expired")
    client = tx.find(USER_POOL_CLIENT, (pool.id, str(claims.get("client_id"))))
    user = tx.find(POOL_USER, (pool.id, str(claims.get("sub"))))
    if client is None or user is None:
        raise _refused("Access Token has been revoked")
    if not user.enabled:
        raise _refused("User is disabled.")
    if _is_revoked(tx, user, claims):
        raise _refused("Access Token has been revoked")
    if scope not in str(claims.get("scope", "")).split():
        raise _refused("Access Token does not have required scopes")
    return Holder(pool=pool, client=client, user=user, claims=claims)


def _verified(pools: Pools, tx: Reader, token: str) -> tuple[UserPool, dict[str, Any]]:
    try:
        jws = parse(token.encode("ascii"))
        claims = parse_object(jws.payload)
        pool = _pool(tx, claims)
        verify(jws, _key(pools, tx, pool, jws), _ALGORITHMS)
    except (InvalidToken, MalformedJson, UnicodeEncodeError):
        raise _refused("Invalid Access Token") from None
    if claims.get("token_use") != "access" or claims.get("iss") != pools.issuer_of(pool):
        raise _refused("Invalid Access Token")
    return pool, claims


def _pool(tx: Reader, claims: dict[str, Any]) -> UserPool:
    issuer = claims.get("iss")
    pool_id = issuer.rpartition("/")[2] if isinstance(issuer, str) else ""
    pool = tx.find_by(USER_POOL, "id", (pool_id,))
    if pool is None:
        raise _refused("Invalid Access Token")
    return pool


def _key(pools: Pools, tx: Reader, pool: UserPool, jws: Jws) -> VerificationKey:
    key = pools.keyring.of(tx, pool.id).by_kid.get(jws.kid or "")
    if key is None or key.record.use != "access":
        raise _refused("Invalid Access Token")
    return VerificationKey(key.record.kid, _ALGORITHMS, key.public)


def _is_current(claims: dict[str, Any], now: datetime) -> bool:
    expires = claims.get("exp")
    return isinstance(expires, int) and now.timestamp() < expires


def _is_revoked(tx: Reader, user: PoolUser, claims: dict[str, Any]) -> bool:
    """Say whether the token was ended: by its family, or for all by sign-out.

    A token of a client without revocation names no family, so whoever signs out ends those of the
    whole second.
    """
    issued, since, origin = claims.get("iat"), user.tokens_valid_from, claims.get("origin_jti")
    if origin is None:
        return since is not None and not (isinstance(issued, int) and issued > since.timestamp())
    family = tx.find(REFRESH_FAMILY, (user.pool_id, user.sub, str(origin)))
    return family is None or family.revoked_at is not None


def _refused(message: str) -> AwsError:
    return AwsError("NotAuthorizedException", message)
