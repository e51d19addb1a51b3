"""Running jobs: what of a job is left when its pool is gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports.folder import ImportFolder
from bargate.userpool.imports.run import ImportJobs

NOW = datetime(2026, 5, 1, tzinfo=UTC)


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
