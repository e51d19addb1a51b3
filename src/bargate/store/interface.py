"""What a store offers, whatever database stands behind it.

Work is a function that takes a transaction and runs from start to end without waiting:

    store.read(lambda tx: tx.get(USER, key))            a consistent view, nothing may be written
    await store.submit(lambda tx: tx.create(USER, user)) durable when it returns; grouped with the
                                                        work of others into one commit

A transaction is over when its work returns; using it later raises RuntimeError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    import builtins

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


class Unstorable(ValueError):
    """A record holds what no store keeps: NUL in a key, half a surrogate pair, a huge integer.

    Only writing raises it. Whoever looks for such a key is told that there is no such record.
    """


class StoreUnavailable(Exception):
    """Nothing was written, or nothing could be read: the disk is full or broken, or all is closed.

    The message says which. The store may be used again as soon as the cause is gone.
    """


class StoreBusy(Exception):
    """More work waits than the store holds; nothing of this piece was done."""


class StoreRefused(Exception):
    """A store cannot be opened. The message says why and what to do about it."""


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
        """Give the record whose whole key in an index is `key` (the first, if several have it)."""

    def list(
        self,
        kind: Kind[Record],
        prefix: Key = (),
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> builtins.list[Record]:
        """Give the records whose key begins with `prefix`, in the order of their keys.

        `after` is the whole key of the last record of the page before; it need not exist any more.
        Only the records of the page are loaded. Texts are ordered by their code points.
        """

    def list_by(
        self,
        kind: Kind[Record],
        index: str,
        prefix: Key,
        *,
        after: Key | None = None,
        limit: int | None = None,
    ) -> builtins.list[Record]:
        """Give the records whose key in an index begins with `prefix`, ordered by that key.

        Those with the same key in the index are ordered by their own, so that `after` is the last
        record's key in the index followed by its own key.
        """

    def count(self, kind: Kind[Record], prefix: Key = ()) -> int:
        """Count the records whose key begins with `prefix`."""


class Transaction(Reader, Protocol):
    """A view that may be changed; all its changes are kept, or none."""

    def create(self, kind: Kind[Record], record: Record) -> Record:
        """Add a record and give it back; raises AlreadyExists."""

    def update(self, kind: Kind[Record], key: Key, change: Callable[[Record], Record]) -> Record:
        """Replace a record by what `change` makes of it; raises NotFound, AlreadyExists.

        The key stays: raises ValueError when `change` gives a record of another.
        """

    def delete(self, kind: Kind[Record], key: Key) -> None:
        """Remove a record; raises NotFound."""


Listener = Callable[[frozenset[Change]], None]


class Store(Protocol):
    """Records that survive: what was acknowledged is there after kill -9 and power loss.

    Work must not use the store it runs in, only its transaction.
    """

    def read(self, work: Callable[[Reader], Result]) -> Result:
        """Run work that only reads, in the caller's thread; any number of threads may.

        It sees all that was committed before it began and nothing that is committed later.
        Raises StoreUnavailable.
        """

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Run work that may write and wait until it is durable. An exception undoes it all.

        Raises what the work raises, StoreUnavailable.
        """

    async def submit(self, work: Callable[[Transaction], Result]) -> Result:
        """Do as `write` without blocking the event loop, sharing one commit with other work.

        The work runs in another thread, and to its end even when this task is cancelled. Its
        exception undoes only itself. Raises StoreBusy besides.
        """

    def reset(self) -> None:
        """Delete every record; listeners are told a Change for each."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` after every commit with all that it changed, in the order of the commits.

        It is called before whoever submitted the work is answered, on the thread of the event
        loop that it was submitted from (of `write`: on the caller's). It may read, not write.
        """

    def close(self) -> None:
        """Finish what was submitted and let go of the database."""
