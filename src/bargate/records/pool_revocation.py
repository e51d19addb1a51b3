"""What of a user pool's tokens was ended before its time, kept until no such token can be left."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class PoolRevocation(Struct, frozen=True, kw_only=True):
    """All tokens of a user from before `at`; with an `origin`, those of that family alone.

    `excepted` are families that began later within the second of `at`, which `iat` cannot tell.
    """

    pool_id: str
    sub: str
    origin: str = ""
    at: datetime
    ends_at: datetime
    excepted: tuple[str, ...] = ()


def _key(revocation: PoolRevocation) -> tuple[str, ...]:
    """Order the revocations of a pool by when they end, so that the oldest are found first."""
    ends = f"{int(revocation.ends_at.timestamp()):012d}"
    return (revocation.pool_id, ends, revocation.sub, revocation.origin)


POOL_REVOCATION: Kind[PoolRevocation] = Kind(
    "pool_revocation",
    PoolRevocation,
    _key,
    (Index("user", lambda each: (each.pool_id, each.sub)),),
)
