"""SQLite behind the store's interface (first form: one connection, one commit a transaction)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from bargate.secret import Secret
from bargate.store.interface import AlreadyExists, Change, Listener, NotFound, Reader, Transaction
from bargate.store.kind import Key, Kind, Record

Result = TypeVar("Result")


def _encode_hook(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value))


def _decode_hook(type_: type, value: Any) -> Any:
    if type_ is Secret:
        return Secret(value)
    raise NotImplementedError(type_)


def _key(key: Key) -> str:
    return "".join(f"{each}\0" for each in key)


class SqliteStore:
    """A store in one SQLite file (`:memory:` for none)."""

    def __init__(self, path: str = ":memory:") -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS record (kind TEXT, key TEXT, value BLOB,"
            " PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS entry (kind TEXT, name TEXT, entry TEXT, key TEXT,"
            " PRIMARY KEY (kind, name, entry, key)) WITHOUT ROWID"
        )
        self._listeners: list[Listener] = []

    def read(self, work: Callable[[Reader], Result]) -> Result:
        return work(_Transaction(self._db, writable=False))

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        tx = _Transaction(self._db, writable=True)
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work(tx)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        if tx.changes:
            for listener in self._listeners:
                listener(frozenset(tx.changes))
        return result

    async def submit(self, work: Callable[[Transaction], Result]) -> Result:
        return self.write(work)

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def close(self) -> None:
        self._db.close()


class _Transaction:
    def __init__(self, db: sqlite3.Connection, *, writable: bool) -> None:
        self._db = db
        self._writable = writable
        self.changes: set[Change] = set()

    def _decode(self, kind: Kind[Record], value: bytes) -> Record:
        return msgspec.msgpack.decode(value, type=kind.type, dec_hook=_decode_hook)

    def find(self, kind: Kind[Record], key: Key) -> Record | None:
        row = self._db.execute(
            "SELECT value FROM record WHERE kind=? AND key=?", (kind.name, _key(key))
        ).fetchone()
        return None if row is None else self._decode(kind, row[0])

    def get(self, kind: Kind[Record], key: Key) -> Record:
        found = self.find(kind, key)
        if found is None:
            raise NotFound(kind.name, key)
        return found

    def find_by(self, kind: Kind[Record], index: str, key: Key) -> Record | None:
        found = self.list_by(kind, index, key, limit=1)
        return found[0] if found else None

    def list(
        self,
        kind: Kind[Record],
        prefix: Key = (),
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        start = _key(prefix)
        rows = self._db.execute(
            "SELECT value FROM record WHERE kind=? AND key>=? AND key<? AND key>? ORDER BY key LIMIT ?",
            (
                kind.name,
                start,
                start + "\U0010ffff",
                _key(after) if after else "",
                limit if limit is not None else -1,
            ),
        ).fetchall()
        return [self._decode(kind, value) for (value,) in rows]

    def list_by(
        self,
        kind: Kind[Record],
        index: str,
        prefix: Key,
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        start = _key(prefix)
        rows = self._db.execute(
            "SELECT r.value FROM entry e JOIN record r ON r.kind=e.kind AND r.key=e.key"
            " WHERE e.kind=? AND e.name=? AND e.entry>=? AND e.entry<? AND e.entry||e.key>?"
            " ORDER BY e.entry, e.key LIMIT ?",
            (
                kind.name,
                index,
                start,
                start + "\U0010ffff",
                _key(after) if after else "",
                limit if limit is not None else -1,
            ),
        ).fetchall()
        return [self._decode(kind, value) for (value,) in rows]

    def count(self, kind: Kind[Record], prefix: Key = ()) -> int:
        start = _key(prefix)
        (number,) = self._db.execute(
            "SELECT COUNT(*) FROM record WHERE kind=? AND key>=? AND key<?",
            (kind.name, start, start + "\U0010ffff"),
        ).fetchone()
        return int(number)

    def create(self, kind: Kind[Record], record: Record) -> Record:
        assert self._writable
        key = kind.key_of(record)
        if self.find(kind, key) is not None:
            raise AlreadyExists(kind.name, key)
        self._put(kind, key, record)
        return record

    def update(self, kind: Kind[Record], key: Key, change: Callable[[Record], Record]) -> Record:
        assert self._writable
        record = change(self.get(kind, key))
        assert kind.key_of(record) == key
        self._db.execute("DELETE FROM entry WHERE kind=? AND key=?", (kind.name, _key(key)))
        self._put(kind, key, record)
        return record

    def _put(self, kind: Kind[Record], key: Key, record: Record) -> None:
        for index in kind.indexes:
            entry = index.key_of(record)
            if entry is None:
                continue
            if index.unique and self.find_by(kind, index.name, entry) is not None:
                raise AlreadyExists(kind.name, entry, index.name)
            self._db.execute(
                "INSERT INTO entry VALUES (?,?,?,?)",
                (kind.name, index.name, _key(entry), _key(key)),
            )
        value = (
            msgspec.msgpack.encode(record, enc_hook=_encode_hook)
            if False
            else msgspec.msgpack.Encoder(enc_hook=_encode_hook).encode(record)
        )
        self._db.execute(
            "INSERT OR REPLACE INTO record VALUES (?,?,?)", (kind.name, _key(key), value)
        )
        self.changes.add(Change(kind.name, key))

    def delete(self, kind: Kind[Record], key: Key) -> None:
        assert self._writable
        self.get(kind, key)
        self._db.execute("DELETE FROM entry WHERE kind=? AND key=?", (kind.name, _key(key)))
        self._db.execute("DELETE FROM record WHERE kind=? AND key=?", (kind.name, _key(key)))
        self.changes.add(Change(kind.name, key))


_ = json
