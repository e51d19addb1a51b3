"""Files that a command reads, as imports: begun, gone on with after a break, and ended.

A file is known by its digest, so that it is gone on with wherever it lies; one whose content changed
while its import was under way is refused, since rows before and after would not be those of one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_import import FILE_PREFIX, POOL_IMPORT, PoolImport
from bargate.userpool.find import pool_of_id
from bargate.userpool.imports.jobs import make_room
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction
    from bargate.store.kind import Key

MAX_FILES: Final = 100  # of a pool; the oldest that is over makes room
_ID_DIGITS: Final = 40


class File(Struct, frozen=True, kw_only=True):
    """A file by where it is and its SHA-256 in hex; `again` begins anew what was begun before."""

    pool_id: str
    path: str
    digest: str
    again: bool = False


def begin(tx: Transaction, file: File, now: datetime) -> tuple[UserPool, PoolImport]:
    """Give the import of a file as far as it is, begun if need be; raises AwsError."""
    pool = pool_of_id(tx, file.pool_id)
    key = (pool.id, f"{FILE_PREFIX}{file.digest[:_ID_DIGITS]}")
    found = tx.find(POOL_IMPORT, key)
    if found is not None and not file.again:
        if found.status == "Failed":  # its format stopped it; another version may read on
            return pool, tx.update(POOL_IMPORT, key, _going_on)
        return pool, found
    _settle_former(tx, file, now)
    new = PoolImport(
        account_id=pool.account_id,
        pool_id=pool.id,
        id=key[1],
        name=file.path,
        status="InProgress",
        created_at=now,
        started_at=now,
    )
    if tx.find(POOL_IMPORT, key) is not None:
        tx.delete(POOL_IMPORT, key)
    make_room(tx, pool.id, "file", MAX_FILES)
    return pool, tx.create(POOL_IMPORT, new)


def finish(tx: Transaction, key: Key, rows: int, failure: str | None, now: datetime) -> PoolImport:
    """End the import of a file after so many rows; raises AwsError."""
    found = tx.find(POOL_IMPORT, key)
    if found is None or found.is_job or found.status != "InProgress" or found.rows != rows:
        raise AwsError("InvalidParameterException", MOVED)
    status = "Succeeded" if failure is None else "Failed"
    return tx.update(
        POOL_IMPORT,
        key,
        lambda old: replace(old, status=status, message=failure, completed_at=now),
    )


MOVED: Final = "the same file is being imported by another command, or its import was begun anew"


def _going_on(old: PoolImport) -> PoolImport:
    return replace(old, status="InProgress", message=None, completed_at=None)


def _settle_former(tx: Transaction, file: File, now: datetime) -> None:
    """Refuse a file that changed while it was imported, or with `again` end what was begun."""
    for each in tx.list_by(POOL_IMPORT, "newest", (file.pool_id, "file")):
        if each.name != file.path or each.status != "InProgress":
            continue
        if not file.again:
            message = (
                f"the file has changed since its import began ({each.rows:,} rows were handled):"
                " put the old content back, or say --again to import the new one from its begin"
            )
            raise AwsError("InvalidParameterException", message)
        tx.update(
            POOL_IMPORT,
            POOL_IMPORT.key_of(each),
            lambda old: replace(old, status="Stopped", completed_at=now),
        )
