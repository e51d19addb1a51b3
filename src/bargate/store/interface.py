"""What a store offers, whatever database stands behind it.

Work is a function that takes a transaction and runs from start to end without waiting:

    store.read(lambda tx: tx.get(USER, key))            a consistent view, nothing may be written
    await store.submit(lambda tx: tx.create(USER, user)) durable when it returns; grouped with the
                                                        work of others into one commit
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from msgspec import Struct

from bargate.store.kind import Key, Kind, Record

Result = TypeVar("Result")


class NotFound(Exception):
    """No record of the kind has the key."""

    def __init__(self, kind: str, key: Key) -> None:
        super().__init__(f"no {kind} {'/'.join(key)}")
        self.kind = kind
        self.key = key


class AlreadyExists(Exception):
    """A record of the kind has the key, or the key in a unique index (`index`)."""

    def __init__(self, kind: str, key: Key, index: str | None = None) -> None:
        super().__init__(f"{kind} {'/'.join(key)} exists")
        self.kind = kind
        self.key = key
        self.index = index


class Change(Struct, frozen=True):
    """A record that a committed transaction created, updated or deleted."""

    kind: str
    key: Key


class Reader(Protocol):
    """A consistent view of the records."""

    def find(self, kind: Kind[Record], key: Key) -> Record | None:
        """Give a record, None when there is none."""

    def get(self, kind: Kind[Record], key: Key) -> Record:
        """Give a record; raises NotFound."""

    def find_by(self, kind: Kind[Record], index: str, key: Key) -> Record | None:
        """Give the record that has `key` in a unique index."""

    def list(
        self,
        kind: Kind[Record],
        prefix: Key = (),
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Give the records whose key begins with `prefix`, in the order of their keys.

        `after` is the whole key of the last record of the page before; it need not exist any more.
        """

    def list_by(
        self,
        kind: Kind[Record],
        index: str,
        prefix: Key,
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> list[Record]:
        """Give the records whose key in an index begins with `prefix`, ordered by that key.

        `after` is the last record's key in the index followed by its own key.
        """

    def count(self, kind: Kind[Record], prefix: Key = ()) -> int:
        """Count the records whose key begins with `prefix`."""


class Transaction(Reader, Protocol):
    """A view that may be changed; all its changes are kept, or none."""

    def create(self, kind: Kind[Record], record: Record) -> Record:
        """Add a record and give it back; raises AlreadyExists."""

    def update(self, kind: Kind[Record], key: Key, change: Callable[[Record], Record]) -> Record:
        """Replace a record by what `change` makes of it, under the same key; raises NotFound."""

    def delete(self, kind: Kind[Record], key: Key) -> None:
        """Remove a record; raises NotFound."""


Listener = Callable[[frozenset[Change]], None]


class Store(Protocol):
    """Records that survive: what was acknowledged is there after kill -9 and power loss."""

    def read(self, work: Callable[[Reader], Result]) -> Result:
        """Run work that only reads."""

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Run work that may write and wait until it is durable. An exception undoes it all."""

    async def submit(self, work: Callable[[Transaction], Result]) -> Result:
        """Do as `write` without blocking the event loop, sharing one commit with other work."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` after every commit with what changed, in the order of the commits."""

    def close(self) -> None:
        """Finish what was submitted and let go of the database."""
