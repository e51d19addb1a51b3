"""Reads the events of all series, in the order of their times: what there is, and what comes."""

from __future__ import annotations

import heapq
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, BinaryIO, Final

from bargate.audit.chain import MAX_LINE_BYTES, Numbered, event_of, line_of
from bargate.audit.event import SERIES
from bargate.audit.files import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from bargate.audit.event import SeriesName

_EVERY_S: Final = 0.2


class Follower:
    """Reads the files of one series from their beginning, through rotations, line by line.

    Files that were last written before `since` hold nothing newer, and are not looked at.
    """

    def __init__(self, folder: Path, name: SeriesName, since: datetime | None = None) -> None:
        self._folder = folder
        self._name = name
        self._since_s = 0.0 if since is None else since.timestamp()
        self._path: Path | None = None
        self._file: BinaryIO | None = None

    def events(self) -> Iterator[Numbered]:
        """Give what was not given yet; lines that are no events are left out (`verify` tells)."""
        while True:
            if self._file is not None:
                yield from _events(self._file)
            if not self._next_file():
                return

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()

    def _next_file(self) -> bool:
        for path in files_of(self._folder, self._name):
            if self._path is None or path.name > self._path.name:
                try:
                    if path.stat().st_mtime < self._since_s:
                        continue
                    opened = path.open("rb")
                except FileNotFoundError:  # it was the oldest, and is gone now
                    continue
                self.close()
                self._path, self._file = path, opened
                return True
        return False


def events_in(folder: Path, since: datetime | None = None) -> Iterator[Numbered]:
    """Give the events of a log, in the order of their times; older files than `since` are left out."""
    with ExitStack() as stack:
        yield from _merged(_followers(folder, since, stack))


def follow(folder: Path, since: datetime | None = None) -> Iterator[Numbered]:
    """Give the events of a log, and then those that come, for ever."""
    with ExitStack() as stack:
        followers = _followers(folder, since, stack)
        while True:
            yield from _merged(followers)
            time.sleep(_EVERY_S)


def _followers(folder: Path, since: datetime | None, stack: ExitStack) -> list[Follower]:
    return [stack.enter_context(closing(Follower(folder, name, since))) for name in SERIES]


def _merged(followers: list[Follower]) -> Iterator[Numbered]:
    return heapq.merge(*(each.events() for each in followers), key=lambda event: event.time)


def _events(file: BinaryIO) -> Iterator[Numbered]:
    while raw := file.readline(MAX_LINE_BYTES):
        if not raw.endswith(b"\n"):
            if len(raw) < MAX_LINE_BYTES:
                file.seek(-len(raw), 1)  # it is being written: it is read again later
                return
            continue  # no line of ours is so long
        line = line_of(raw[:-1])
        event = None if line is None else event_of(line)
        if event is not None:
            yield event
