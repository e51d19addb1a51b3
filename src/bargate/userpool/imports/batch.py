"""The rows of a file in batches, each small enough to be sent, and written in one go."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from bargate.userpool.imports.formats import WrongFormat
from bargate.userpool.imports.row import BadRow, ImportedUser, Row, texts_of

# So few that other writers wait no longer than for a page or two.
BATCH_ROWS: Final = 200
_BATCH_CHARACTERS: Final = 256 * 1024


class Batch(Struct, frozen=True, kw_only=True):
    """The rows that follow the first `first` of a file, good ones apart from bad ones.

    `reported_bytes` is how long the report of bad rows is before them.
    """

    first: int
    users: tuple[ImportedUser, ...] = ()
    bad: tuple[BadRow, ...] = ()
    reported_bytes: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.users) + len(self.bad)


class Batches:
    """The rows of a file behind the first `done`, which were handled before."""

    def __init__(self, rows: Iterator[Row], done: int) -> None:
        self._rows = islice(rows, done, None)
        self._done = done
        self._wrong: WrongFormat | None = None

    def next(self) -> Batch:
        """Give the next batch, an empty one at the end; raises WrongFormat, OSError.

        INVARIANT: what was read before a file went wrong is a batch of its own, and not lost.
        """
        if self._wrong is not None:
            raise self._wrong
        users: list[ImportedUser] = []
        bad: list[BadRow] = []
        try:
            self._read(users, bad)
        except WrongFormat as wrong:
            if not users and not bad:
                raise
            self._wrong = wrong
        batch = Batch(first=self._done, users=tuple(users), bad=tuple(bad))
        self._done += batch.rows
        return batch

    def _read(self, users: list[ImportedUser], bad: list[BadRow]) -> None:
        size = 0
        for row in islice(self._rows, BATCH_ROWS):
            if isinstance(row, BadRow):
                bad.append(row)
                continue
            users.append(row)
            size += sum(map(len, texts_of(row)))
            if size > _BATCH_CHARACTERS:
                return
