"""Runs the import jobs that are started, beside the event loop, and goes on with them after a crash.

    a job becomes Pending ──► committed ──► run: one task a job
        file ──► thread: rows ──► batch ──► store.submit(write_batch) ──► thread: report ──► again
        ──► Succeeded | Failed | Stopped (Stopping was seen), and the file goes

What is in the store says how far a job is, so a job that is begun again skips what was done.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_import import FILE_PREFIX, POOL_IMPORT
from bargate.records.user_pool import USER_POOL
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.userpool.find import pool_of_id
from bargate.userpool.imports.batch import Batch, Batches
from bargate.userpool.imports.folder import kept_jobs
from bargate.userpool.imports.formats import FORMATS, WrongFormat
from bargate.userpool.imports.jobs import STOPPED, as_of, end
from bargate.userpool.imports.report import NoReport, Report
from bargate.userpool.imports.write import NotNext, write_batch
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from typing import BinaryIO

    from bargate.records.pool_import import PoolImport
    from bargate.store.interface import Change, Reader, Store, Transaction
    from bargate.store.kind import Key
    from bargate.userpool.imports.folder import ImportFolder
    from bargate.userpool.imports.row import Row

AT_ONCE: Final = 2
AGAIN_S: Final = 2.0
_BUG: Final = "An internal error occurred; the log says more."
_MAX_MESSAGE_CHARACTERS: Final = 128  # AWS [M] CompletionMessageType

_log = logging.getLogger("bargate.control")


class ImportJobs:
    """The jobs of one installation; of one account one runs at a time, as one is active at most."""

    def __init__(self, store: Store, folder: ImportFolder, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._folder = folder
        self._clock = clock
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._changed: set[Key] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._wake = asyncio.Event()
        self._wake.set()
        kept = store.read(kept_jobs)
        folder.sweep({key: as_of(each, clock()) for key, each in kept.items()})

    def committed(self, changes: frozenset[Change]) -> None:
        """Take note of a commit (`Store.subscribe`)."""
        for each in changes:
            is_job = each.kind == POOL_IMPORT.name and not each.key[1].startswith(FILE_PREFIX)
            if is_job and each.key not in self._running:
                self._changed.add(each.key)
                self._wake.set()

    async def run(self) -> None:
        """Run what is started, until this task is cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                try:
                    await self._look()
                except (StoreBusy, StoreUnavailable) as error:
                    _log.warning("imports wait for the store: %s", error)
                    await asyncio.sleep(AGAIN_S)
                    self._wake.set()
        finally:
            for task in self._running.values():
                task.cancel()

    async def _look(self) -> None:
        """Remove what jobs need no more, and begin those that are started."""
        while self._changed:
            key = next(iter(self._changed))
            record = self._store.read(lambda tx, key=key: tx.find(POOL_IMPORT, key))  # type: ignore[misc]
            self._changed.discard(key)
            try:
                await asyncio.to_thread(self._folder.forget, key, record)
            except OSError as error:
                _log.warning("files of import %s stay: %s", key[1], error)
        for job in self._store.read(lambda tx: tx.list_by(POOL_IMPORT, "active", ())):
            self._begin(POOL_IMPORT.key_of(job))

    def _begin(self, key: Key) -> None:
        if key in self._running:
            return
        task = asyncio.get_running_loop().create_task(self._run(key))
        self._running[key] = task
        task.add_done_callback(lambda _: self._ended(key))

    def _ended(self, key: Key) -> None:
        del self._running[key]
        self._changed.add(key)
        self._wake.set()

    async def _run(self, key: Key) -> None:
        is_broken = False
        async with self._room:
            while True:
                work = self._end(key, "Failed", _BUG) if is_broken else self._work(key)
                try:
                    return await work
                except (StoreBusy, StoreUnavailable) as error:
                    _log.warning("import %s waits for the store: %s", key[1], error)
                except Exception:  # noqa: BLE001  the edge: a bug ends this job, and is logged
                    _log.exception("import %s met a bug", key[1])
                    is_broken = True
                await asyncio.sleep(AGAIN_S)

    async def _work(self, key: Key) -> None:
        """Import what is left of a job's file; raises StoreBusy, StoreUnavailable."""
        progress = await self._store.submit(lambda tx: _in_progress(tx, key))
        if progress is None:
            return
        try:
            work = await asyncio.to_thread(_Work, self._store, self._folder, progress)
        except (OSError, NoReport, WrongFormat) as error:
            await self._end(key, "Failed", f"The file cannot be read: {_reason(error)}")
            return
        try:
            status, message = await self._batches(key, work)
        except (OSError, WrongFormat) as error:
            status, message = "Failed", _reason(error)
        finally:
            await asyncio.to_thread(work.close)
        if status:
            await self._end(key, status, message)

    async def _batches(self, key: Key, work: _Work) -> tuple[str, str]:
        while True:
            batch = await asyncio.to_thread(work.next)
            if not batch.rows:
                return "Succeeded", "Import Job Completed Successfully."
            try:
                progress = await self._store.submit(
                    lambda tx, batch=batch: write_batch(tx, key, batch, self._clock())  # type: ignore[misc]
                )
            except (NotNext, AwsError):  # stopped, or deleted, with its pool or alone
                record = self._store.read(lambda tx: tx.find(POOL_IMPORT, key))
                is_stopped = record is not None and record.status == "Stopping"
                return ("Stopped", STOPPED) if is_stopped else ("", "")
            await asyncio.to_thread(work.done, progress)

    async def _end(self, key: Key, status: str, message: str) -> None:
        """End a job with AWS's text, which says where the report is if it says anything."""

        def work(tx: Transaction) -> None:
            job = tx.find(POOL_IMPORT, key)
            if job is None:
                return
            where = f" Rows not imported: imports/{self._folder.report(key).name}"
            text = message + where if job.failed or job.skipped else message
            end(tx, job, status, text[:_MAX_MESSAGE_CHARACTERS], self._clock())  # type: ignore[arg-type]

        await self._store.submit(work)


class _Work:
    """The open file and report of a job that runs; all of it is done in threads."""

    def __init__(self, store: Store, folder: ImportFolder, progress: PoolImport) -> None:
        key = POOL_IMPORT.key_of(progress)
        folder.make()
        self._report, _ = Report.of(folder.report(key), progress)
        try:
            self._file = folder.data(key).open("rb")
        except OSError:
            self._report.close()
            raise
        try:
            self._batches = Batches(_rows(store, self._file, progress), progress.rows)
        except WrongFormat:
            self.close()
            raise

    def next(self) -> Batch:
        """Read the next batch; raises WrongFormat, OSError."""
        return replace(self._batches.next(), reported_bytes=self._report.size_bytes)

    def done(self, progress: PoolImport) -> None:
        """Report what of a batch was refused."""
        self._report.add(progress.last_bad)

    def close(self) -> None:
        """Let go of both files."""
        self._report.close()
        self._file.close()


def _reason(error: Exception) -> str:
    """Say what went wrong, to whoever may see the job; where files are is none of their business."""
    return (error.strerror or "") if isinstance(error, OSError) else str(error)


def _rows(store: Store, file: BinaryIO, progress: PoolImport) -> Iterator[Row]:
    """Give the rows of a job's file; raises WrongFormat."""

    def read(tx: Reader) -> Iterator[Row]:
        return FORMATS["csv"](file, pool_of_id(tx, progress.pool_id))

    try:
        return store.read(read)
    except AwsError:
        raise WrongFormat("The user pool has been deleted.") from None


def _in_progress(tx: Transaction, key: Key) -> PoolImport | None:
    """Give a job that is now in progress, None if it is not to run."""
    job = tx.find(POOL_IMPORT, key)
    if job is None or not job.is_active:
        return None
    if tx.find_by(USER_POOL, "id", key[:1]) is None:  # a crash left it when its pool was deleted
        tx.delete(POOL_IMPORT, key)
        return None
    if job.status == "Pending":
        return tx.update(POOL_IMPORT, key, lambda old: replace(old, status="InProgress"))
    return job
