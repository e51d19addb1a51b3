"""Work done in groups: each piece undoes only itself, one commit makes all of them durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from bargate.store.failures import finding_of
from bargate.store.interface import Change, StoreUnavailable, Transaction
from bargate.store.transaction import SqliteTransaction

if TYPE_CHECKING:
    from bargate.store.record_bytes import RecordBytes

Work: TypeAlias = Callable[[Transaction], Any]


class Outcome(Struct, frozen=True):
    """What became of one piece of work: its result, or the `error` that its caller gets."""

    result: Any = None
    error: BaseException | None = None
    changes: frozenset[Change] = frozenset()


def do_group(
    connection: sqlite3.Connection, record_bytes: RecordBytes, works: Sequence[Work]
) -> list[Outcome]:
    """Do all of `works` in one transaction and commit it.

    When the database fails, nothing of any was kept, and each outcome is StoreUnavailable: even
    that of work that was refused, which may have been for what another piece had written.
    """
    try:
        if connection.in_transaction:  # the last roll-back failed too
            connection.execute("ROLLBACK")
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [_do(connection, record_bytes, work) for work in works]
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        _roll_back(connection)
        finding = finding_of(error)
        return [Outcome(error=StoreUnavailable(f"{finding}; nothing was written")) for _ in works]
    return outcomes


def _do(connection: sqlite3.Connection, record_bytes: RecordBytes, work: Work) -> Outcome:
    transaction = SqliteTransaction(connection, record_bytes)
    connection.execute("SAVEPOINT work")
    try:
        result = work(transaction)
    except sqlite3.Error:
        raise  # the database's failure, not the work's: SQLite may have undone the whole group
    except BaseException as error:  # noqa: BLE001 (it is the caller's, who gets it)
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return Outcome(error=error)
    finally:
        transaction.end()
    connection.execute("RELEASE work")
    return Outcome(result, changes=frozenset(transaction.changes))


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            # the failure that led here is the one to report; SQLite has undone it all by itself
            return
