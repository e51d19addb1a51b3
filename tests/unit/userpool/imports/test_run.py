"""Running jobs: what of a job is left when its pool is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports import run as running_jobs
from bargate.userpool.imports.folder import ImportFolder
from bargate.userpool.imports.jobs import EXPIRES_AFTER
from bargate.userpool.imports.run import AGAIN_S, ImportJobs

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is away"), StoreBusy("busy")])
def test_a_store_that_is_away_ends_no_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store, asked, waited = SqliteStore(), asyncio.Event(), []
    jobs = ImportJobs(store, ImportFolder(tmp_path), lambda: NOW)

    def read(_: Any) -> Any:
        if not waited:
            raise error
        asked.set()
        return []

    async def sleep(duration_s: float) -> None:
        waited.append(duration_s)

    async def run() -> None:
        running = asyncio.create_task(jobs.run())
        with monkeypatch.context() as patch:
            patch.setattr(store, "read", read)
            patch.setattr("bargate.userpool.imports.run.asyncio.sleep", sleep)
            async with asyncio.timeout(10):
                await asked.wait()
        assert not running.done()
        running.cancel()

    asyncio.run(run())
    assert waited == [AGAIN_S]
    store.close()


JOB = PoolImport(
    account_id="0" * 12,
    pool_id="us-east-1_gone",
    id="import-a",
    name="job",
    status="InProgress",
    created_at=NOW,
)
KEY = POOL_IMPORT.key_of(JOB)


class Failing(SqliteStore):
    """A store that is as often too busy as it is told to be."""

    submits_fail = 0

    async def submit(self, work: Any) -> Any:
        if self.submits_fail:
            self.submits_fail -= 1
            raise StoreBusy("too much waits")
        return await super().submit(work)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Failing]:
    monkeypatch.setattr(running_jobs, "AGAIN_S", 0.01)
    made = Failing()
    yield made
    made.close()


def ended(jobs: ImportJobs, store: SqliteStore) -> PoolImport | None:
    """Run jobs until theirs is over, and give what is left of it."""

    async def run() -> None:
        is_over = asyncio.Event()

        def look(_: object) -> None:
            job = store.read(lambda tx: tx.find(POOL_IMPORT, KEY))
            if job is None or not job.is_active:
                is_over.set()

        store.subscribe(jobs.committed)
        store.subscribe(look)
        running = asyncio.create_task(jobs.run())
        async with asyncio.timeout(10):
            await is_over.wait()
        running.cancel()

    asyncio.run(run())
    return store.read(lambda tx: tx.find(POOL_IMPORT, KEY))


def test_a_bug_ends_its_job_though_the_store_is_busy(
    store: Failing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        store.submits_fail = 2
        raise RuntimeError("a bug")

    monkeypatch.setattr(running_jobs, "_in_progress", broken)
    store.write(lambda tx: tx.create(POOL_IMPORT, JOB))
    job = ended(ImportJobs(store, ImportFolder(tmp_path), lambda: NOW), store)
    assert job is not None
    assert (job.status, job.completed_at, store.submits_fail) == ("Failed", NOW, 0)
    assert "internal error" in str(job.message)


def test_a_file_of_a_job_that_expired_goes_at_the_next_start(
    store: Failing, tmp_path: Path
) -> None:
    folder = ImportFolder(tmp_path)
    folder.keep(KEY, folder.begin(KEY))
    (tmp_path / "imports" / "folder.csv").mkdir()  # cannot be removed, and stops nothing
    store.write(lambda tx: tx.create(POOL_IMPORT, replace(JOB, status="Created")))
    ImportJobs(store, folder, lambda: NOW)
    assert folder.data(KEY).exists()
    ImportJobs(store, folder, lambda: NOW + EXPIRES_AFTER)
    assert not folder.data(KEY).exists()


def test_a_job_whose_pool_is_gone_holds_no_place_of_its_account(
    store: Failing, tmp_path: Path
) -> None:
    folder = ImportFolder(tmp_path)
    folder.keep(KEY, folder.begin(KEY))
    store.write(lambda tx: tx.create(POOL_IMPORT, JOB))
    assert ended(ImportJobs(store, folder, lambda: NOW), store) is None
    ImportJobs(store, folder, lambda: NOW)  # the next start, if this one ended at once
    assert not folder.data(KEY).exists()
