"""What was ended before its time, as gateways are told: sign-outs of users, and revoked families.

    users.sign_out, users.delete_user ──► end_all ──┐
    refresh.revoke ─────────────────────► end_one ──┴──► PoolRevocation ──► snapshot ──► gateways

The operations of users themselves need none of it: they look at the family (`access_tokens`). A
record is kept as long as any access token can be valid; each new one sweeps out some that ended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_revocation import POOL_REVOCATION, PoolRevocation

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_refresh_token import RefreshFamily
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Transaction

LONGEST_TOKEN: Final = timedelta(days=1)  # AWS [D] cognito-userpools §5
_SWEPT_AT_ONCE: Final = 16
_MAX_EXCEPTED: Final = 16


def end_all(tx: Transaction, user: PoolUser, now: datetime) -> None:
    """Note that no token of a user from before `now` is good any more."""
    for old in tx.list_by(POOL_REVOCATION, "user", (user.pool_id, user.sub)):
        tx.delete(POOL_REVOCATION, POOL_REVOCATION.key_of(old))
    _put(tx, PoolRevocation(pool_id=user.pool_id, sub=user.sub, at=now, ends_at=_end(now)))


def end_one(tx: Transaction, family: RefreshFamily, now: datetime) -> None:
    """Note that no token of a family is good any more."""
    _put(
        tx,
        PoolRevocation(
            pool_id=family.pool_id, sub=family.sub, origin=family.id, at=now, ends_at=_end(now)
        ),
    )


def except_new(tx: Transaction, user: PoolUser, family_id: str, now: datetime) -> None:
    """Let a sign-in stand that follows a sign-out within the same second.

    No more than a few a second: the tokens of further ones are refused, which is safe.
    """
    since = user.tokens_valid_from
    if since is None or int(since.timestamp()) != int(now.timestamp()):
        return
    for each in tx.list_by(POOL_REVOCATION, "user", (user.pool_id, user.sub)):
        if not each.origin and len(each.excepted) < _MAX_EXCEPTED:
            new = replace(each, excepted=(*each.excepted, family_id))
            tx.update(POOL_REVOCATION, POOL_REVOCATION.key_of(each), lambda _, new=new: new)  # type: ignore[misc]


def _put(tx: Transaction, revocation: PoolRevocation) -> None:
    for old in tx.list(POOL_REVOCATION, (revocation.pool_id,), limit=_SWEPT_AT_ONCE):
        if old.ends_at < revocation.at:
            tx.delete(POOL_REVOCATION, POOL_REVOCATION.key_of(old))
    if tx.find(POOL_REVOCATION, POOL_REVOCATION.key_of(revocation)) is None:
        tx.create(POOL_REVOCATION, revocation)


def _end(now: datetime) -> datetime:
    return now + LONGEST_TOKEN
