"""The report of an import: a CSV file of the rows that are no users, with line and reason.

    what the import says is reported (`reported_bytes`, `last_bad`) ──► the file, made exactly that

A report is continued by cutting off what was written after the last batch that was kept, so each
bad row is in it once. Its owner alone can read it.
"""

from __future__ import annotations

import csv
import io
import os
import stat
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from bargate.records.pool_import import PoolImport

HEADER: Final = b"line,username,reason\r\n"
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class NoReport(Exception):
    """There is something else where a report should be; the text says what."""


class Report:
    """A report that is being written."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._file = os.fdopen(descriptor, "r+b")
        self._file.seek(size_bytes)
        self.size_bytes = size_bytes

    @classmethod
    def of(cls, path: Path, progress: PoolImport) -> tuple[Self, bool]:
        """Open the report of an import as far as it is, and say whether it is whole.

        It is not when the rows of before are in no report at `path`. Raises NoReport, OSError.
        """
        descriptor = os.open(path, _FLAGS, 0o600)
        try:
            size = _size(descriptor, path)
            os.fchmod(descriptor, 0o600)
            is_whole = size >= progress.reported_bytes
            kept = progress.reported_bytes if is_whole else size
            os.ftruncate(descriptor, kept)
        except BaseException:
            os.close(descriptor)
            raise
        report = cls(descriptor, kept)
        if not kept:
            report._write(HEADER)
        report.add(progress.last_bad)
        return report, is_whole

    def add(self, bad: Iterable[tuple[int, str, str]]) -> None:
        """Report rows, durably."""
        text = io.StringIO()
        writer = csv.writer(text)
        for line, username, reason in bad:
            writer.writerow((line, _plain(username), _plain(reason)))
        if text.tell():
            self._write(text.getvalue().encode())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())
        self.size_bytes += len(data)


def _size(descriptor: int, path: Path) -> int:
    """Give the size of a report, refusing any other file: it would be overwritten."""
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise NoReport(f"{path} is no regular file")
    if found.st_uid != os.geteuid() or found.st_nlink != 1:
        raise NoReport(f"{path} is another user's, or has other names")
    if found.st_size and os.pread(descriptor, len(HEADER), 0) != HEADER:
        raise NoReport(f"{path} is no report of an import: it is left alone")
    return found.st_size


def _plain(text: str) -> str:
    """Give a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
