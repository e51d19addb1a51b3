"""REFRESH_TOKEN_AUTH, and GetTokensFromRefreshToken: new tokens from a refresh token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_user import POOL_USER
from bargate.userpool import refresh
from bargate.userpool.issue import ask_before_renewal, renew, renewed
from bargate.userpool.prove import required
from bargate.userpool.secret_hash import check_secret_hash
from bargate.userpool.triggers.pre_token_generation import NO_OVERRIDES
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Authenticated
    from bargate.userpool.triggers.pre_token_generation import Overrides


async def refresh_token(pools: Pools, asked: Asked) -> Answer:
    """Give ID and access tokens; the refresh token stays the one that it is."""
    token = required(asked, "REFRESH_TOKEN")
    if asked.client.rotates:  # AWS [D] §2
        message = "Refresh token rotation is enabled: use GetTokensFromRefreshToken."
        raise AwsError("UnsupportedOperationException", message)
    given = asked.parameters.get("SECRET_HASH")

    def held(tx: Reader) -> tuple[RefreshFamily, PoolUser]:
        family, user = _holder(tx, asked, token)
        check_secret_hash(asked.client, given, user.username, user.sub)
        return family, user

    return await renew(pools, asked, held)


async def tokens_from_refresh_token(pools: Pools, asked: Asked, token: str) -> Authenticated:
    """Give new tokens and, with rotation, the next refresh token; raises AwsError.

    Whoever uses a token that was replaced ends the family: one of two holders is a thief.
    """
    if not asked.client.rotates:
        return await renew(pools, asked, lambda tx: _holder(tx, asked, token))
    overrides = await _ask_before(pools, asked, token)
    rotated = refresh.new_token()

    def work(tx: Transaction) -> tuple[RefreshFamily, PoolUser] | refresh.ReusedToken:
        try:
            family, user = _holder(tx, asked, token)
        except refresh.ReusedToken as reused:
            refresh.revoke(tx, reused.family, asked.now)
            return reused
        grace_s = asked.client.rotation.grace_s if asked.client.rotation else 0
        return refresh.rotate(tx, family, token, rotated, grace_s, asked.now), user

    found = await pools.store.submit(work)
    if isinstance(found, refresh.ReusedToken):
        raise found
    family, user = found
    return await renewed(pools, asked, user, family, overrides, rotated)


async def _ask_before(pools: Pools, asked: Asked, token: str) -> Overrides:
    """Ask the trigger while the token is good: one that fails must not cost the client the next."""
    try:
        family, user = pools.store.read(lambda tx: _holder(tx, asked, token))
    except refresh.ReusedToken:
        return NO_OVERRIDES  # its family is ended next
    return await ask_before_renewal(pools, asked, user, family)


def _holder(tx: Reader, asked: Asked, token: str) -> tuple[RefreshFamily, PoolUser]:
    family = refresh.family_of(tx, asked.pool, asked.client, token, asked.now)
    if family.device_key not in (None, asked.parameters.get("DEVICE_KEY")):  # AWS [O]
        raise AwsError("NotAuthorizedException", "Invalid Refresh Token")
    user = tx.find(POOL_USER, (asked.pool.id, family.sub))
    if user is None:
        raise AwsError("NotAuthorizedException", "Invalid Refresh Token")
    if not user.enabled:
        raise AwsError("NotAuthorizedException", "User is disabled.")
    return family, user
