"""Running jobs: what of a job is left when its pool is gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports.folder import ImportFolder
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


def test_a_job_whose_pool_is_gone_holds_no_place_of_its_account(tmp_path: Path) -> None:
    store, folder = SqliteStore(), ImportFolder(tmp_path)
    job = PoolImport(
        account_id="0" * 12,
        pool_id="us-east-1_gone",
        id="import-a",
        name="job",
        status="InProgress",
        created_at=NOW,
    )
    key = POOL_IMPORT.key_of(job)
    folder.keep(key, folder.begin(key))
    store.write(lambda tx: tx.create(POOL_IMPORT, job))

    async def run() -> None:
        jobs = ImportJobs(store, folder, lambda: NOW)
        store.subscribe(jobs.committed)
        is_gone = asyncio.Event()
        store.subscribe(lambda _: is_gone.set())
        running = asyncio.create_task(jobs.run())
        async with asyncio.timeout(10):
            await is_gone.wait()
        running.cancel()

    asyncio.run(run())
    assert store.read(lambda tx: tx.count(POOL_IMPORT)) == 0
    ImportJobs(store, folder, lambda: NOW)  # the next start, if this one ended at once
    assert not folder.data(key).exists()
    store.close()
