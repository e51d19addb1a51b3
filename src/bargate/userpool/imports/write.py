"""Batches of rows become users, and the import moves on by as many rows, in one transaction.

    write_batch(tx, …) ──► row ──► check.user_of ──► users.add_user, credentials, groups
                             └──► refused: skipped (exists already) or failed, with line and reason

A batch says which rows it holds (`first`); one that does not go on where the import is, is refused
as a whole. INVARIANT: so no row is handled twice, whoever sends it and however often.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_group import POOL_GROUP, POOL_MEMBERSHIP, PoolMembership
from bargate.records.pool_import import POOL_IMPORT
from bargate.records.pool_user import POOL_CREDENTIALS
from bargate.userpool.find import pool_of_id
from bargate.userpool.imports.check import credentials_of, user_of
from bargate.userpool.users import add_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_import import PoolImport
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction
    from bargate.store.kind import Key
    from bargate.userpool.imports.batch import Batch
    from bargate.userpool.imports.row import ImportedUser, Row

MAX_REASON_CHARACTERS: Final = 512
_MAX_NAME_CHARACTERS: Final = 128
_EXISTS: Final = "UsernameExistsException"


class NotNext(Exception):
    """A batch does not go on where its import is: somebody else moved it, or it is over."""


def write_batch(tx: Transaction, key: Key, batch: Batch, now: datetime) -> PoolImport:
    """Write a batch and give the import as it is now; raises NotNext, ResourceNotFoundException."""
    pool = pool_of_id(tx, key[0])
    found = tx.find(POOL_IMPORT, key)
    if found is None or found.rows != batch.first or found.status != "InProgress":
        raise NotNext
    groups: dict[str, bool] = {}
    bad = [_reported(each, each.reason) for each in batch.bad]
    skipped = 0
    for row in batch.users:
        try:
            _write(tx, pool, row, groups, now)
        except AwsError as refused:
            skipped += refused.code == _EXISTS
            bad.append(_reported(row, refused.message))
    bad.sort(key=itemgetter(0))
    return tx.update(POOL_IMPORT, key, lambda old: _moved(old, batch, bad, skipped))


def _reported(row: Row, reason: str) -> tuple[int, str, str]:
    """Give what a report says of a row, without what would speak to a terminal."""
    name = _printable(row.username[:_MAX_NAME_CHARACTERS])
    return (row.line, name, _printable(reason.strip()[:MAX_REASON_CHARACTERS]))


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _moved(
    old: PoolImport, batch: Batch, bad: list[tuple[int, str, str]], skipped: int
) -> PoolImport:
    return replace(
        old,
        rows=old.rows + batch.rows,
        imported=old.imported + batch.rows - len(bad),
        skipped=old.skipped + skipped,
        failed=old.failed + len(bad) - skipped,
        last_bad=tuple(bad),
        reported_bytes=batch.reported_bytes,
    )


def _write(
    tx: Transaction, pool: UserPool, row: ImportedUser, groups: dict[str, bool], now: datetime
) -> None:
    """Make a row a user, or change nothing and raise AwsError."""
    user = user_of(pool, row, now)
    credentials = credentials_of(user, row, now)
    _check_groups(tx, pool, row, groups)
    add_user(tx, pool, user, None)
    if credentials is not None:
        tx.create(POOL_CREDENTIALS, credentials)
    for name in dict.fromkeys(row.groups):
        member = PoolMembership(pool_id=pool.id, group=name, sub=user.sub, since=now)
        tx.create(POOL_MEMBERSHIP, member)


def _check_groups(
    tx: Transaction, pool: UserPool, row: ImportedUser, known: dict[str, bool]
) -> None:
    """Refuse who would miss a group: their rights would not be those of before."""
    for name in row.groups:
        if name not in known:
            known[name] = tx.find(POOL_GROUP, (pool.id, name)) is not None
        if not known[name]:
            message = f"There is no group {name[:128]!r} in the pool: create it first."
            raise AwsError("ResourceNotFoundException", message)
