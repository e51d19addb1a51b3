"""Groups of users in user pools, and who is in them."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class PoolGroup(Struct, frozen=True, kw_only=True):
    """A group; of the roles of a user's groups the one with the lowest precedence is preferred."""

    pool_id: str
    name: str
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
    created_at: datetime
    modified_at: datetime


class PoolMembership(Struct, frozen=True, kw_only=True):
    """A user who is in a group."""

    pool_id: str
    group: str
    sub: str
    since: datetime


POOL_GROUP: Kind[PoolGroup] = Kind(
    "pool_group", PoolGroup, lambda group: (group.pool_id, group.name)
)

POOL_MEMBERSHIP: Kind[PoolMembership] = Kind(
    "pool_membership",
    PoolMembership,
    lambda each: (each.pool_id, each.group, each.sub),
    (Index("user", lambda each: (each.pool_id, each.sub, each.group), unique=True),),
)
