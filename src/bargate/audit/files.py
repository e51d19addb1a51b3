"""The files of one series: in order of their first lines, the oldest removed when there are too many.

    DIR/audit/changes-000000000001.jsonl        mode 0600; the number is that of its first line

What a crash left of a line is cut off when the series is opened: nobody was told that it is there.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.audit.chain import MAX_LINE_BYTES, Head, Opening, line_of, linked
from bargate.audit.event import SERIES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bargate.audit.event import Event, SeriesName

FOLDER: Final = "audit"
_NAME: Final = re.compile(rf"({'|'.join(SERIES)})-(\d{{12}})\.jsonl", re.ASCII)
_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK_BYTES: Final = 64 * 1024


class Bounds(Struct, frozen=True, kw_only=True):
    """How large a file may be, and how many of a series are kept."""

    max_file_bytes: int
    max_files: int


class UnsafeLog(OSError):
    """The folder of the log belongs to, or is open to, somebody else."""


def prepare_folder(data: Path) -> Path:
    """Give the folder of the log below `data`, made if need be; raises OSError."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_own = found.st_uid == os.geteuid() and not found.st_mode & 0o077
    if not stat.S_ISDIR(found.st_mode) or not is_own:
        raise UnsafeLog(f"{folder} must be a folder of this user with mode 0700")
    return folder


def files_of(folder: Path, series: SeriesName) -> list[Path]:
    """Give the files of a series, the oldest first."""
    return sorted(
        path
        for path in folder.iterdir()
        if (found := _NAME.fullmatch(path.name)) is not None and found[1] == series
    )


class Series:
    """The open file of a series, and the head of its chain.

    `mended_bytes` is what was cut off; `is_broken` says that the last line is none, so that the
    chain begins anew. Raises OSError.
    """

    def __init__(self, folder: Path, name: SeriesName, key: bytes, bounds: Bounds) -> None:
        self._folder = folder
        self._name = name
        self._key = key
        self._bounds = bounds
        self._head = Head()
        self._descriptor: int | None = None
        self._size_bytes = 0
        self._is_dirty = False
        self.mended_bytes = 0
        self.is_broken = False
        for path in reversed(files_of(folder, name)):
            if self._taken_up(path):
                break

    def append(self, events: Sequence[Event]) -> None:
        """Write events as the next lines, all or none of them; raises OSError."""
        data, head = linked(self._key, self._head, events)
        is_full = self._size_bytes + len(data) > self._bounds.max_file_bytes
        if self._descriptor is None or is_full:
            self._begin_file(events)
            return
        self._is_dirty = True
        self._write(self._descriptor, data)
        self._size_bytes += len(data)
        self._head = head

    def sync(self) -> None:
        """Wait until what was written is on the disk; raises OSError."""
        if self._descriptor is not None and self._is_dirty:
            os.fdatasync(self._descriptor)
            self._is_dirty = False

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, descriptor: int, data: bytes) -> None:
        """Write data at the end, or leave the file as it was."""
        os.ftruncate(descriptor, self._size_bytes)  # of an attempt that failed half way
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def _begin_file(self, events: Sequence[Event]) -> None:
        """Write events to the next file; the one before stays the last if that fails."""
        opening = Opening(opens=self._name, previous=self._head.mac)
        data, head = linked(self._key, self._head, (opening, *events))
        path = self._folder / f"{self._name}-{self._head.number + 1:012d}.jsonl"
        descriptor = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        before, self._size_bytes = self._size_bytes, 0
        try:
            self._write(descriptor, data)
            os.fsync(descriptor)
            _sync_folder(self._folder)
            self.sync()
        except OSError:
            self._size_bytes = before
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        self.close()
        self._descriptor, self._size_bytes, self._head = descriptor, len(data), head
        for old in files_of(self._folder, self._name)[: -self._bounds.max_files]:
            old.unlink(missing_ok=True)

    def _taken_up(self, path: Path) -> bool:
        """Go on with a file; False when there is nothing in it, and it is removed."""
        descriptor = os.open(path, _FLAGS)
        try:
            whole_bytes, last = _last_line(descriptor)
            self.mended_bytes += os.fstat(descriptor).st_size - whole_bytes
            os.ftruncate(descriptor, whole_bytes)
            os.fsync(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if not whole_bytes:
            os.close(descriptor)
            path.unlink()
            return False
        line = line_of(last)
        if line is None:  # somebody wrote here: it stays as it is, and the next file begins anew
            os.close(descriptor)
            self.is_broken = True
            self._head = Head(int(path.stem.rpartition("-")[2]) + whole_bytes)
        else:
            self._head = Head(line.number, line.mac)
            self._descriptor, self._size_bytes = descriptor, whole_bytes
        return True


def _last_line(descriptor: int) -> tuple[int, bytes]:
    """Give how many bytes are whole lines, and the last of those without its end.

    Where there is too much after the last line for one that was torn, all of it is.
    """
    size = os.fstat(descriptor).st_size
    tail, begin = b"", size
    while begin and tail.count(b"\n") < 2 and len(tail) <= 2 * MAX_LINE_BYTES:  # noqa: PLR2004
        length = min(_CHUNK_BYTES, begin)
        begin -= length
        tail = os.pread(descriptor, length, begin) + tail
    end = tail.rfind(b"\n")
    if end < 0:
        return (size, tail) if begin else (0, b"")
    return begin + end + 1, tail[tail.rfind(b"\n", 0, end) + 1 : end]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
