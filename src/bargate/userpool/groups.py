"""Which groups a user is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.records.pool_group import POOL_GROUP, POOL_MEMBERSHIP

if TYPE_CHECKING:
    from bargate.records.pool_group import PoolGroup
    from bargate.store.interface import Reader

MAX_GROUPS_OF_USER = 100  # AWS [D] cognito-userpools §5


def groups_of(tx: Reader, pool_id: str, sub: str) -> tuple[PoolGroup, ...]:
    """Give the groups of a user."""
    found = tx.list_by(POOL_MEMBERSHIP, "user", (pool_id, sub), limit=MAX_GROUPS_OF_USER)
    return tuple(tx.get(POOL_GROUP, (pool_id, each.group)) for each in found)
