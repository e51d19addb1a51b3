r"""What functions write: a file each, which `bargate logs` shows.

    process ─line─► FunctionLogs ──► RUN_DIRECTORY/functions-PORT/NAME.log     at most 5 MiB,
                                                                  NAME.1.log   and what was before

A line is kept as it was written, behind the time, and no newline within it: whoever
shows it to a terminal must escape it (`shown`). Functions of one name in several accounts or
regions share a file.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import stat
from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

MAX_FILE_BYTES = 5 * 1024 * 1024
MAX_BYTES = 256 * 1024 * 1024  # of all functions together: the folder may well be in memory
MAX_LINE_BYTES = 256 * 1024  # AWS [D] CloudWatch Logs quotas: event size
MAX_OPEN = 64
_PREFIX = "functions-"
_TIME_CHARACTERS = len("2026-11-28T20:00:00.000")
_NAME = re.compile(r"[A-Za-z0-9-_]{1,64}", re.ASCII)  # AWS [M] lambda FunctionName, without its ARN
_APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

_log = logging.getLogger("bargate.functions")


class UnsafeLogs(OSError):
    """The folder for logs belongs to, or is open to, somebody else."""


def logs_folder(run_directory: Path, port: int) -> Path:
    """Give the folder of the logs of the installation whose gateway listens on `port`."""
    return run_directory / f"{_PREFIX}{port}"


def logs_folders(run_directory: Path) -> dict[int, Path]:
    """Find the folders of all installations of a user, by the port of their gateway."""
    found = {}
    for folder in run_directory.glob(f"{_PREFIX}*"):
        port = folder.name.removeprefix(_PREFIX)
        if port.isascii() and port.isdigit() and is_private(folder):
            found[int(port)] = folder
    return dict(sorted(found.items()))


def log_file(folder: Path, name: str, *, older: bool = False) -> Path:
    """Give the file of a function, or that with what was before; ValueError for no name."""
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name of a function")
    return folder / (f"{name}.1.log" if older else f"{name}.log")


def is_private(folder: Path) -> bool:
    """Say whether it is a folder that only this user may enter."""
    try:
        status = folder.lstat()
    except OSError:
        return False
    is_own = status.st_uid == os.geteuid() and not status.st_mode & 0o077
    return stat.S_ISDIR(status.st_mode) and is_own


def shown(line: str) -> str:
    """Escape what a terminal could take for more than text: a function wrote it."""
    if line.isprintable():
        return line
    return "".join(
        each if each.isprintable() or each == "\t" else each.encode("unicode_escape").decode()
        for each in line
    )


class _Open(Struct, eq=False):
    descriptor: int
    size_bytes: int


class FunctionLogs:
    """Writes the logs of an installation below `folder`; never more than `MAX_BYTES` together.

    `now` gives the time in UTC. Raises UnsafeLogs or OSError when the folder cannot be used.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not is_private(folder):
            raise UnsafeLogs(f"{folder} must be a folder of this user with mode 0700")
        self._folder = folder
        self._now = now
        self._open: OrderedDict[str, _Open] = OrderedDict()  # the one written last stands last
        self._sizes: OrderedDict[str, int] = OrderedDict()  # likewise, both files of a function
        self._bytes = 0
        self._has_failed = False
        for name in sorted({path.name.partition(".")[0] for path in folder.glob("*.log")}):
            self._grow(name, self._on_disk(name))

    def announce(self, names: Iterable[str]) -> None:
        """Let `bargate logs` know functions that have written nothing yet."""
        for name in names:
            with contextlib.suppress(OSError):
                os.close(os.open(log_file(self._folder, name), _APPEND, 0o600))

    def write(self, function_name: str, line: bytes) -> None:
        """Add a line, without its end, to a function's log.

        It does not raise for want of space or files: the line is dropped, and the host's log told
        once. ValueError for what is no name of a function.
        """
        kept = line[:MAX_LINE_BYTES].replace(b"\n", b"\\n")
        time = self._now().isoformat(timespec="milliseconds")[:_TIME_CHARACTERS]
        try:
            self._write(function_name, f"{time}Z ".encode() + kept + b"\n")
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                _log.error("logs of functions are not written: %s", error)
        else:
            self._has_failed = False

    def close(self, *, remove: bool = False) -> None:
        """Close all files; with `remove`, the logs end with the installation."""
        for each in self._open.values():
            os.close(each.descriptor)
        self._open.clear()
        if remove:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, data: bytes) -> None:
        file = self._file(name)
        if file.size_bytes and file.size_bytes + len(data) > MAX_FILE_BYTES:
            self._rotate(name)
            file = self._file(name)
        written = os.write(file.descriptor, data)
        file.size_bytes += written
        self._grow(name, written)
        self._make_room(name)

    def _file(self, name: str) -> _Open:
        file = self._open.pop(name, None)
        if file is None:
            if len(self._open) >= MAX_OPEN:
                self._close(next(iter(self._open)))
            descriptor = os.open(log_file(self._folder, name), _APPEND, 0o600)
            file = _Open(descriptor, os.fstat(descriptor).st_size)
        self._open[name] = file
        return file

    def _close(self, name: str) -> None:
        file = self._open.pop(name, None)
        if file is not None:
            os.close(file.descriptor)

    def _rotate(self, name: str) -> None:
        self._close(name)
        log_file(self._folder, name).replace(log_file(self._folder, name, older=True))
        self._bytes -= self._sizes.pop(name, 0)
        self._grow(name, self._on_disk(name))

    def _grow(self, name: str, size: int) -> None:
        self._sizes[name] = self._sizes.pop(name, 0) + size
        self._bytes += size

    def _make_room(self, writing: str) -> None:
        """Remove the logs of functions that wrote nothing for longest."""
        while self._bytes > MAX_BYTES and (name := next(iter(self._sizes))) != writing:
            self._close(name)
            self._bytes -= self._sizes.pop(name)
            for older in (False, True):
                log_file(self._folder, name, older=older).unlink(missing_ok=True)

    def _on_disk(self, name: str) -> int:
        size = 0
        for older in (False, True):
            with contextlib.suppress(OSError, ValueError):
                size += log_file(self._folder, name, older=older).lstat().st_size
        return size
