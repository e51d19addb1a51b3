"""SQLite behind the store's interface: one connection writes, others read (WAL).

write  ──► this thread ─┐
submit ──► Writer ──────┴─► do_group, one at a time ──► Announcer ──► listeners
read   ──► a connection of its own, in a view of its own (in memory: the one there is)
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar, cast

from bargate.store.announcer import Announcer
from bargate.store.database import connect, initialise, open_database
from bargate.store.failures import finding_of
from bargate.store.groups import Outcome, Work, do_group
from bargate.store.interface import Change, Listener, Reader, StoreUnavailable, Transaction
from bargate.store.record_bytes import RecordBytes
from bargate.store.sealing import Sealer, new_key
from bargate.store.transaction import SqliteReader, SqliteTransaction
from bargate.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Result = TypeVar("Result")

MAX_IDLE_READERS = 8


class SqliteStore:
    """A store in an SQLite file (`open_folder` creates, locks and opens it), or in memory."""

    def __init__(
        self,
        path: Path | None = None,
        sealer: Sealer | None = None,
        on_close: Callable[[], None] | None = None,
    ) -> None:
        sealer = Sealer((new_key(),)) if sealer is None else sealer
        self._path = path
        self._bytes = RecordBytes(sealer)
        if path is None:
            self._connection = connect(None, writes=True)
            initialise(self._connection, sealer)
        else:
            self._connection = open_database(path, sealer)
        self._on_close = on_close
        self._is_closed = False
        self._using = _OneAtATime()
        self._readers: deque[sqlite3.Connection] = deque()
        self._announcer = Announcer()
        self._writer = Writer(self._commit, self._announcer.deliver)

    def read(self, work: Callable[[Reader], Result]) -> Result:
        """Do as `Store.read`."""
        if self._is_closed:
            raise StoreUnavailable("the store is closed")
        try:
            if self._path is None:
                with self._using:
                    return self._view(self._connection, work)
            connection = self._reader(self._path)
            try:
                return self._view(connection, work)
            finally:
                self._give_back(connection)
        except sqlite3.Error as error:
            raise StoreUnavailable(finding_of(error)) from error

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Do as `Store.write`."""
        (outcome,) = self._commit((work,))
        self._announcer.deliver()
        return cast("Result", _result(outcome))

    async def submit(self, work: Callable[[Transaction], Result]) -> Result:
        """Do as `Store.submit`."""
        return cast("Result", _result(await self._writer.submit(work)))

    def reset(self) -> None:
        """Do as `Store.reset`."""
        self.write(_delete_everything)

    def subscribe(self, listener: Listener) -> None:
        """Do as `Store.subscribe`."""
        self._announcer.subscribe(listener)

    def close(self) -> None:
        """Do as `Store.close`."""
        self._writer.close()
        try:
            self._announcer.deliver()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        with self._using:
            if self._is_closed:
                return
            self._is_closed = True
            while self._readers:
                self._readers.pop().close()
            self._connection.close()
            if self._on_close is not None:
                self._on_close()

    def _commit(self, works: Sequence[Work]) -> list[Outcome]:
        with self._using:
            if self._is_closed:
                return [Outcome(error=StoreUnavailable("the store is closed")) for _ in works]
            outcomes = do_group(self._connection, self._bytes, works)
            changes: frozenset[Change] = frozenset()
            # INVARIANT: noted while nobody else can commit, so in the order of the commits
            self._announcer.committed(changes.union(*(each.changes for each in outcomes)))
        return outcomes

    def _view(self, connection: sqlite3.Connection, work: Callable[[Reader], Result]) -> Result:
        reader = SqliteReader(connection, self._bytes)
        connection.execute("BEGIN")
        try:
            return work(reader)
        finally:
            reader.end()
            connection.execute("ROLLBACK")

    def _reader(self, path: Path) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            return connect(path, writes=False)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        is_wanted = not self._is_closed and len(self._readers) < MAX_IDLE_READERS
        if is_wanted and not connection.in_transaction:
            self._readers.append(connection)
        else:
            connection.close()


class _OneAtATime:
    """A lock that refuses the thread that holds it, where another lock would wait for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> None:
        if self._holder == threading.get_ident():
            raise RuntimeError("work must not use the store that it runs in")
        self._lock.acquire()
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


def _result(outcome: Outcome) -> object:
    if outcome.error is not None:
        raise outcome.error
    return outcome.result


def _delete_everything(transaction: Transaction) -> None:
    cast("SqliteTransaction", transaction).delete_everything()
