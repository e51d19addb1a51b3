"""Deployment packages of functions as files: `{folder}/functions/<sha256>.zip`, mode 0600.

A file is whole and durable under its name before a record names it, so that a record never names
what is not there; what no record names any more goes at the next start.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bargate.records.function import LAMBDA_VERSION, StoredZip
from bargate.store.database import sync_folder

if TYPE_CHECKING:
    from bargate.settings import ControlSettings
    from bargate.store.interface import Reader

_FOLDER = "functions"
_UNFINISHED = ".new"


class CodeFolder:
    """Keeps packages in one folder of the installation's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def name(self, data: bytes) -> str:
        """Give the digest (SHA-256, in hex) that a package is kept under."""
        return hashlib.sha256(data).hexdigest()

    def keep(self, data: bytes) -> str:
        """Put a package on disk, durably, and give its digest; raises OSError."""
        digest = self.name(data)
        path = self.folder / f"{digest}.zip"
        if not path.exists():  # what has the name has the content: it is renamed whole
            self._make_folder()
            _write(path, data)
        return digest

    def sweep(self, used: frozenset[str]) -> None:
        """Remove what no record names; only while nothing is kept (at start)."""
        if not self.folder.is_dir():
            return
        for path in self.folder.iterdir():
            if path.suffix in {".zip", _UNFINISHED} and path.stem not in used:
                path.unlink()

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700)
            sync_folder(self.folder.parent)


def code_folder(settings: ControlSettings) -> CodeFolder:
    """Give the folder of an installation."""
    return CodeFolder(Path(settings.folder).resolve() / _FOLDER)


def used_digests(tx: Reader) -> frozenset[str]:
    """Give the digests of all packages that records name."""
    codes = (each.code for each in tx.list(LAMBDA_VERSION))
    return frozenset(code.sha256 for code in codes if isinstance(code, StoredZip))


def _write(path: Path, data: bytes) -> None:
    unfinished = path.with_suffix(_UNFINISHED)
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_folder(path.parent)
