"""Users of a pool as lines of our own file, page by page, so that memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.records.pool_group import POOL_MEMBERSHIP
from bargate.records.pool_user import POOL_USER
from bargate.userpool.find import credentials_of, pool_of_id
from bargate.userpool.groups import MAX_GROUPS_OF_USER
from bargate.userpool.imports.formats.exported import ExportedUser, line_of

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader

PAGE_USERS: Final = 200


class Page(Struct, frozen=True):
    """Lines in the order of the users' subs; `last_sub` is where the next page begins."""

    lines: tuple[bytes, ...]
    last_sub: str | None

    def __repr__(self) -> str:
        return f"Page({len(self.lines)} users)"


def page_of(tx: Reader, pool_id: str, after_sub: str | None, *, has_hashes: bool) -> Page:
    """Give the users behind one; with hashes, all that they prove themselves by.

    Raises ResourceNotFoundException where the pool is gone: a page without users would be the last.
    """
    pool_of_id(tx, pool_id)
    after = None if after_sub is None else (pool_id, after_sub)
    users = tx.list(POOL_USER, (pool_id,), after=after, limit=PAGE_USERS)
    lines = tuple(line_of(_exported(tx, user, has_hashes=has_hashes)) for user in users)
    return Page(lines, users[-1].sub if len(users) == PAGE_USERS else None)


def _exported(tx: Reader, user: PoolUser, *, has_hashes: bool) -> ExportedUser:
    members = tx.list_by(
        POOL_MEMBERSHIP, "user", (user.pool_id, user.sub), limit=MAX_GROUPS_OF_USER
    )
    credentials = credentials_of(tx, user) if has_hashes else None
    return ExportedUser(
        username=user.username,
        sub=user.sub,
        status=user.status,
        enabled=user.enabled,
        created_at=user.created_at,
        attributes=user.attributes,
        groups=tuple(each.group for each in members),
        mfa=user.mfa,
        preferred_mfa=user.preferred_mfa,
        temporary_until=user.temporary_until,
        hash=None if credentials is None else credentials.hash,
        former=() if credentials is None else credentials.former,
        srp_salt=None if credentials is None else credentials.salt,
        srp_verifier=None if credentials is None else credentials.verifier,
        totp_seed=None if credentials is None else credentials.totp_seed,
        totp_name=None if credentials is None else credentials.totp_name,
    )
