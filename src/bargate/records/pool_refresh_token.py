"""Refresh tokens of user pools: one family a sign-in, known by digests alone."""

import hashlib
from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class RefreshFamily(Struct, frozen=True, kw_only=True):
    """What came of one sign-in: every token that descends from it names it as `origin_jti`.

    `digest` is that of the token that is good now. With rotation `previous` is that of the one
    before it, which may be repeated until `grace_ends_at` and betrays a theft afterwards.
    `last_active_at` and the newest `source_ip` are noted where the pool tracks sessions.
    """

    pool_id: str
    sub: str
    id: str
    client_id: str
    digest: str
    previous: str | None = None
    grace_ends_at: datetime | None = None
    authenticated_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    device_key: str | None = None
    scope: str
    source_ip: str | None = None
    last_active_at: datetime | None = None


def token_digest(token: str) -> str:
    """Give what a refresh token is found by; the token itself is nowhere stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _previous(family: RefreshFamily) -> tuple[str, ...] | None:
    return None if family.previous is None else (family.pool_id, family.previous)


REFRESH_FAMILY: Kind[RefreshFamily] = Kind(
    "pool_refresh_family",
    RefreshFamily,
    lambda family: (family.pool_id, family.sub, family.id),
    (
        Index("digest", lambda family: (family.pool_id, family.digest), unique=True),
        Index("previous", _previous, unique=True),
    ),
)
