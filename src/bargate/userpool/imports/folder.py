"""Where an installation keeps the files of import jobs: `{folder}/imports`, for its owner alone.

    POOL.JOB.csv         what was uploaded, until the job is over
    POOL.JOB.report.csv  the rows that are no users, as long as the job is kept

Names come from records, never from a request. What no record names goes at the next start.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from bargate.records.pool_import import POOL_IMPORT
from bargate.store.database import sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.records.pool_import import PoolImport
    from bargate.store.interface import Reader
    from bargate.store.kind import Key

FOLDER: Final = "imports"
_log = logging.getLogger("bargate.control")
_DATA, _REPORT, _UNFINISHED = ".csv", ".report.csv", ".new"
_UPLOAD_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


class ImportFolder:
    """The files of import jobs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def data(self, key: Key) -> Path:
        """Say where the file of a job is."""
        return self._folder / f"{'.'.join(key)}{_DATA}"

    def report(self, key: Key) -> Path:
        """Say where the report of a job is."""
        return self._folder / f"{'.'.join(key)}{_REPORT}"

    def make(self) -> None:
        """Make the folder if it is not there; raises OSError."""
        if not self._folder.is_dir():
            self._folder.mkdir(mode=0o700)
            sync_folder(self._folder.parent)

    def begin(self, key: Key) -> BinaryIO:
        """Open what an upload is written to; raises OSError."""
        self.make()
        path = self.data(key).with_suffix(_UNFINISHED)
        return os.fdopen(os.open(path, _UPLOAD_FLAGS, 0o600), "wb")

    def keep(self, key: Key, file: BinaryIO) -> None:
        """Make an upload the file of its job, durably; raises OSError."""
        file.flush()
        os.fsync(file.fileno())
        file.close()
        self.data(key).with_suffix(_UNFINISHED).rename(self.data(key))
        sync_folder(self._folder)

    def drop(self, key: Key, file: BinaryIO) -> None:
        """Remove what came of an upload that was broken off."""
        with contextlib.suppress(OSError):
            file.close()
        self.data(key).with_suffix(_UNFINISHED).unlink(missing_ok=True)

    def forget(self, key: Key, record: PoolImport | None) -> None:
        """Remove what a job needs no more, and all when it is gone."""
        if not needs_data(record):
            self.data(key).unlink(missing_ok=True)
        if record is None:
            self.report(key).unlink(missing_ok=True)

    def sweep(self, kept: dict[Key, PoolImport]) -> None:
        """Remove what no record names; only while nothing is uploaded (at start)."""
        if not self._folder.is_dir():
            return
        names = {self.report(key).name for key in kept}
        names |= {self.data(key).name for key, record in kept.items() if needs_data(record)}
        for path in self._folder.iterdir():
            if path.name not in names and path.suffix in {_DATA, _UNFINISHED}:
                try:
                    path.unlink()
                except OSError as error:  # no reason not to start
                    _log.warning("%s stays: %s", path, error)


def needs_data(record: PoolImport | None) -> bool:
    """Say whether the file of a job may still be read."""
    return record is not None and (record.is_active or record.status == "Created")


def kept_jobs(tx: Reader) -> dict[Key, PoolImport]:
    """Give all jobs that there are."""
    return {POOL_IMPORT.key_of(each): each for each in tx.list(POOL_IMPORT) if each.is_job}
