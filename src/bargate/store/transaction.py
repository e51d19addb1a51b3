"""What work sees of SQLite: a view, or a transaction that may change it.

An index entry is found again by computing it from the record, so no write looks for entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from bargate.store.interface import AlreadyExists, Change, NotFound
from bargate.store.key_bytes import (
    key_bytes,
    key_of_bytes,
    key_range,
    range_of,
    storable_key_bytes,
)
from bargate.store.statements import statements

if TYPE_CHECKING:
    import builtins
    import sqlite3
    from collections.abc import Callable, Mapping

    from bargate.store.kind import Index, Key, Kind, Record
    from bargate.store.record_bytes import RecordBytes

    _Entries: TypeAlias = Mapping[Index, bytes]

_NO_LIMIT = -1


class SqliteReader:
    """A consistent view, as long as the connection's transaction lasts."""

    def __init__(self, connection: sqlite3.Connection, record_bytes: RecordBytes) -> None:
        self._execute: Callable[[str, tuple[Any, ...]], sqlite3.Cursor] = connection.execute
        self._bytes = record_bytes
        self._sql = statements()

    def end(self) -> None:
        """Let nothing more be done with it."""
        self._execute = _over

    def find(self, kind: Kind[Record], key: Key) -> Record | None:
        """Do as `Reader.find`."""
        stored_key = key_bytes(key)
        row = self._execute(self._sql.find, (kind.name, stored_key)).fetchone()
        return None if row is None else self._bytes.decode(kind, stored_key, row[1])

    def get(self, kind: Kind[Record], key: Key) -> Record:
        """Do as `Reader.get`."""
        found = self.find(kind, key)
        if found is None:
            raise NotFound(kind.name, key)
        return found

    def find_by(self, kind: Kind[Record], index: str, key: Key) -> Record | None:
        """Do as `Reader.find_by`."""
        start, end = key_range(key)
        values = (kind.name, index, start, end, len(start))
        row = self._execute(self._sql.find_by, values).fetchone()
        return None if row is None else self._bytes.decode(kind, row[0], row[1])

    def list(
        self,
        kind: Kind[Record],
        prefix: Key = (),
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Do as `Reader.list`."""
        values = (kind.name, *key_range(prefix, after), _limit(limit))
        rows = self._execute(self._sql.list, values)
        return [self._bytes.decode(kind, key, value) for key, value in rows]

    def list_by(
        self,
        kind: Kind[Record],
        index: str,
        prefix: Key,
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> builtins.list[Record]:
        """Do as `Reader.list_by`."""
        length = len(key_bytes(prefix))
        values = (kind.name, index, *key_range(prefix, after), length, _limit(limit))
        rows = self._execute(self._sql.list_by, values)
        return [self._bytes.decode(kind, key, value) for key, value in rows]

    def count(self, kind: Kind[Record], prefix: Key = ()) -> int:
        """Do as `Reader.count`: the index of keys is counted, no record is read."""
        row = self._execute(self._sql.count, (kind.name, *key_range(prefix))).fetchone()
        return int(row[0])


class SqliteTransaction(SqliteReader):
    """A view that may be changed; `changes` says what was."""

    def __init__(self, connection: sqlite3.Connection, record_bytes: RecordBytes) -> None:
        super().__init__(connection, record_bytes)
        self._execute_many: Callable[[str, list[tuple[Any, ...]]], object] = connection.executemany
        self.changes: set[Change] = set()

    def end(self) -> None:
        """Let nothing more be done with it."""
        super().end()
        self._execute_many = _over

    def create(self, kind: Kind[Record], record: Record) -> Record:
        """Do as `Transaction.create`."""
        key = kind.key_of(record)
        stored_key = storable_key_bytes(key)
        entries = _entries(kind, record)
        # INVARIANT: all refusals come before the first change: work may catch them and go on
        try:
            self._refuse_taken(kind, entries)
        except AlreadyExists:
            if self._row(kind, stored_key) is not None:
                raise AlreadyExists(kind.name, key) from None
            raise
        value = self._bytes.encode(kind.name, stored_key, record)
        created = self._execute(self._sql.create, (kind.name, stored_key, value))
        if not created.rowcount:
            raise AlreadyExists(kind.name, key)
        self._create_entries(kind, entries, stored_key, created.lastrowid)
        self.changes.add(Change(kind.name, key))
        return record

    def update(self, kind: Kind[Record], key: Key, change: Callable[[Record], Record]) -> Record:
        """Do as `Transaction.update`."""
        stored_key, row_id, before = self._existing(kind, key)
        after = change(before)
        if kind.key_of(after) != key:
            raise ValueError(f"a {kind.name} keeps its key when it is updated")
        old, new = _entries(kind, before), _entries(kind, after)
        created = {index: entry for index, entry in new.items() if old.get(index) != entry}
        self._refuse_taken(kind, created)
        value = self._bytes.encode(kind.name, stored_key, after)
        deleted = {index: entry for index, entry in old.items() if new.get(index) != entry}
        self._delete_entries(kind, deleted, stored_key)
        self._create_entries(kind, created, stored_key, row_id)
        self._execute(self._sql.update, (value, row_id))
        self.changes.add(Change(kind.name, key))
        return after

    def delete(self, kind: Kind[Record], key: Key) -> None:
        """Do as `Transaction.delete`."""
        stored_key, row_id, record = self._existing(kind, key)
        self._delete_entries(kind, _entries(kind, record), stored_key)
        self._execute(self._sql.delete, (row_id,))
        self.changes.add(Change(kind.name, key))

    def delete_everything(self) -> None:
        """Delete every record of every kind."""
        for kind, stored_key in self._execute(self._sql.everything, ()):
            self.changes.add(Change(kind, key_of_bytes(stored_key)))
        self._execute(self._sql.delete_entries, ())
        self._execute(self._sql.delete_records, ())

    def _row(self, kind: Kind[Record], stored_key: bytes) -> tuple[int, bytes] | None:
        row: tuple[int, bytes] | None
        row = self._execute(self._sql.find, (kind.name, stored_key)).fetchone()
        return row

    def _existing(self, kind: Kind[Record], key: Key) -> tuple[bytes, int, Record]:
        stored_key = key_bytes(key)
        row = self._row(kind, stored_key)
        if row is None:
            raise NotFound(kind.name, key)
        return stored_key, row[0], self._bytes.decode(kind, stored_key, row[1])

    def _refuse_taken(self, kind: Kind[Record], entries: _Entries) -> None:
        for index, entry in entries.items():
            if index.unique:
                values = (kind.name, index.name, *range_of(entry), len(entry))
                if self._execute(self._sql.find_by, values).fetchone() is not None:
                    raise AlreadyExists(kind.name, key_of_bytes(entry), index.name)

    def _create_entries(
        self, kind: Kind[Record], entries: _Entries, stored_key: bytes, row_id: int | None
    ) -> None:
        name = kind.name
        created = [
            (name, index.name, entry + stored_key, row_id) for index, entry in entries.items()
        ]
        if created:
            self._execute_many(self._sql.create_entry, created)

    def _delete_entries(self, kind: Kind[Record], entries: _Entries, stored_key: bytes) -> None:
        for index, entry in entries.items():
            self._execute(self._sql.delete_entry, (kind.name, index.name, entry + stored_key))


def _entries(kind: Kind[Record], record: Record) -> _Entries:
    """Give a record's key in each index that it is in, as bytes; raises Unstorable."""
    entries: dict[Index, bytes] = {}
    for index in kind.indexes:
        entry = index.key_of(record)
        if entry is not None:
            entries[index] = storable_key_bytes(entry)
    return entries


def _limit(limit: int | None) -> int:
    # a negative limit would mean none to SQLite
    return _NO_LIMIT if limit is None else max(limit, 0)


def _over(_text: str, _values: object) -> NoReturn:
    raise RuntimeError("the transaction is over")
