"""Whether a folder of code has changed: what is looked at is cheap, bounded and never fails."""

from __future__ import annotations

import contextlib
import hashlib
import os
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOK_EVERY_S = 0.5
MAX_FILES = 10_000
# What is written there is not the function's own code, and may be many thousands of files.
_PASSED_OVER = frozenset({"__pycache__", ".git", "node_modules", ".venv", ".mypy_cache"})


class Watched:
    """A folder, as it was when it was looked at last; first when this is made."""

    def __init__(self, folder: Path, now: float) -> None:
        self._folder = folder
        self._looked_at = now
        self._seen = _fingerprint(folder)

    def has_changed(self, now: float) -> bool:
        """Say whether names, sizes or times of files differ from the last look.

        `now` is in seconds of a monotonic clock; it is looked no more often than every 0.5 s, at
        no more than 10,000 files and folders, which takes 0.1 s: many are better looked at in a thread.
        """
        if now - self._looked_at < LOOK_EVERY_S:
            return False
        self._looked_at = now
        seen, self._seen = self._seen, _fingerprint(self._folder)
        return seen != self._seen


def _fingerprint(folder: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for path, status in islice(_entries(folder), MAX_FILES):
        what = (status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns)
        digest.update(f"{path!r}{what}\n".encode("utf-8", "surrogateescape"))
    return digest.digest()


def _entries(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Give files and folders below; links are followed to files alone, so that this ends."""
    left = [str(folder)]
    while left:
        for entry in _listed(left.pop()):
            with contextlib.suppress(OSError):  # gone meanwhile, or a link to nothing
                if entry.name in _PASSED_OVER:
                    continue
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder:
                    left.append(entry.path)
                elif entry.is_symlink() and entry.is_dir():
                    continue
                yield entry.path, entry.stat()


def _listed(folder: str) -> list[os.DirEntry[str]]:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(islice(entries, MAX_FILES), key=lambda entry: entry.name)
    return []
