"""Refresh tokens: opaque, known by their digests, one family a sign-in (`RefreshFamily`).

    begin ──► token, family        use ──► the family, or why not        rotate ──► the next token

With rotation the token before the last may be repeated for the grace period; later it betrays that
two have it, and the family ends (AWS [D] cognito-userpools §2).
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.random_ids import new_uuid
from bargate.records.pool_refresh_token import REFRESH_FAMILY, RefreshFamily, token_digest
from bargate.userpool.claims import API_SCOPE
from bargate.userpool.revocation import end_one, except_new
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.store.interface import Reader, Transaction

_TOKEN_BYTES: Final = 48
_KEPT_EXPIRED: Final = timedelta(days=1)  # as long as an access token can be valid
_TIDIED_AT_ONCE: Final = 16
_JWT_DOTS: Final = 2  # access and ID tokens; a refresh token here has none


def new_token() -> str:
    """Draw a refresh token."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def begin(
    tx: Transaction,
    user: PoolUser,
    client: UserPoolClient,
    token: str,
    now: datetime,
    **known: str | None,
) -> RefreshFamily:
    """Store the family of a new sign-in; `known` are its scope, device_key, source_ip."""
    _tidy(tx, user, now)
    family = RefreshFamily(
        pool_id=user.pool_id,
        sub=user.sub,
        id=new_uuid(),
        client_id=client.id,
        digest=token_digest(token),
        authenticated_at=now,
        expires_at=now + timedelta(seconds=client.refresh_s),
        scope=known.get("scope") or API_SCOPE,
        device_key=known.get("device_key"),
        source_ip=known.get("source_ip"),
    )
    except_new(tx, user, family.id, now)
    return tx.create(REFRESH_FAMILY, family)


def _tidy(tx: Transaction, user: PoolUser, now: datetime) -> None:
    """Forget some of a user's families that nothing can come of any more."""
    for family in tx.list(REFRESH_FAMILY, (user.pool_id, user.sub), limit=_TIDIED_AT_ONCE):
        if family.expires_at + _KEPT_EXPIRED < now:
            tx.delete(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family))


def family_of(
    tx: Reader, pool: UserPool, client: UserPoolClient, token: str, now: datetime
) -> RefreshFamily:
    """Give the family that a token is good for; raises NotAuthorizedException."""
    found = tx.find_by(REFRESH_FAMILY, "digest", (pool.id, token_digest(token)))
    if found is None and client.rotates:
        found = _repeated(tx, client, token, now)
    if found is None or found.client_id != client.id:
        raise _refused("Invalid Refresh Token")
    if found.revoked_at is not None:
        raise _refused("Refresh Token has been revoked")
    if found.expires_at <= now:
        raise _refused("Refresh Token has expired")
    return found


def _repeated(
    tx: Reader, client: UserPoolClient, token: str, now: datetime
) -> RefreshFamily | None:
    """Find a client's family by the token before its last; raises RefreshTokenReuseException."""
    found = tx.find_by(REFRESH_FAMILY, "previous", (client.pool_id, token_digest(token)))
    if found is None or found.client_id != client.id:
        return None
    if found.grace_ends_at is None or found.grace_ends_at <= now:
        raise ReusedToken(found)
    return found


class ReusedToken(AwsError):
    """A token was used twice: somebody else may have it, so its family has to end."""

    def __init__(self, family: RefreshFamily) -> None:
        super().__init__("RefreshTokenReuseException", "Refresh Token has been reused.")
        self.family = family


def rotate(
    tx: Transaction, family: RefreshFamily, used: str, token: str, grace_s: int, now: datetime
) -> RefreshFamily:
    """Let `token` take the place of the token that was used; validity does not grow."""
    digest = token_digest(used)
    ends = now + timedelta(seconds=grace_s)
    if digest == family.previous and family.grace_ends_at is not None:
        ends = family.grace_ends_at  # repeated within the grace: that does not last longer by it
    new = replace(family, digest=token_digest(token), previous=digest, grace_ends_at=ends)
    return tx.update(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family), lambda _: new)


def revoke(tx: Transaction, family: RefreshFamily, now: datetime) -> None:
    """End a family: neither its refresh token nor any access token of it is taken any more."""
    key = REFRESH_FAMILY.key_of(family)
    current = tx.find(REFRESH_FAMILY, key)
    if current is not None and current.revoked_at is None:
        tx.update(REFRESH_FAMILY, key, lambda old: replace(old, revoked_at=now))
        end_one(tx, family, now)


def revoke_token(tx: Transaction, client: UserPoolClient, token: str, now: datetime) -> None:
    """End the family of a refresh token; raises AwsError UnsupportedTokenTypeException.

    AWS [D] cognito-userpools §6: nothing is said of a token that is none, or is revoked already;
    [I] nor of another client's, which goes on.
    """
    if token.count(".") == _JWT_DOTS:
        raise AwsError("UnsupportedTokenTypeException", "Unsupported token type.")
    digest = (client.pool_id, token_digest(token))
    found = tx.find_by(REFRESH_FAMILY, "digest", digest)
    found = found or tx.find_by(REFRESH_FAMILY, "previous", digest)
    if found is not None and found.client_id == client.id:
        revoke(tx, found, now)


def _refused(message: str) -> AwsError:
    return AwsError("NotAuthorizedException", message)
