"""Uploads for import jobs, where the clock is ours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bargate.control.import_uploads import ImportUploads
from bargate.records.pool_import import POOL_IMPORT
from bargate.records.user_pool import UserPool
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports.folder import ImportFolder
from bargate.userpool.imports.jobs import UPLOAD_WITHIN, drawn_job

NOW = datetime(2026, 5, 1, tzinfo=UTC)
POOL = UserPool(
    account_id="0" * 12, region="us-east-1", id="us-east-1_abcdefghi", name="p", created_at=NOW,
    modified_at=NOW, schema=(),
)  # fmt: skip


class Uploading:
    """An upload of a job that was made at NOW; `now` is the time of its installation."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.store = SqliteStore()
        self.job = drawn_job(POOL, "job", "arn:role", None, NOW)
        self.key = POOL_IMPORT.key_of(self.job)
        self.store.write(lambda tx: tx.create(POOL_IMPORT, self.job))
        self.folder = ImportFolder(folder)
        self.uploads = ImportUploads(self.store, self.folder, lambda: self.now)

    def put(self, takes: timedelta = timedelta()) -> int:
        assert self.job.token is not None
        scope: Any = {
            "method": "PUT",
            "raw_path": f"/{self.key[0]}/imports/{self.key[1]}".encode(),
            "query_string": f"token={self.job.token.reveal()}".encode(),
        }

        async def receive() -> Any:
            self.now += takes
            return {"type": "http.request", "body": b"rows"}

        answered = asyncio.run(self.uploads.answer(scope, receive, 4))
        assert answered is not None
        return answered.status


def test_a_token_that_has_expired_uploads_nothing(tmp_path: Path) -> None:
    uploading = Uploading(tmp_path)
    uploading.now += UPLOAD_WITHIN
    assert uploading.put() == 403
    assert not uploading.folder.data(uploading.key).exists()
    uploading.now -= timedelta(seconds=1)
    assert uploading.put() == 200
    assert uploading.folder.data(uploading.key).read_bytes() == b"rows"
    uploading.store.close()


def test_a_file_that_comes_when_its_token_has_expired_does_not_stay(tmp_path: Path) -> None:
    uploading = Uploading(tmp_path)
    assert uploading.put(takes=UPLOAD_WITHIN) == 403
    assert list((tmp_path / "imports").iterdir()) == []
    assert uploading.store.read(lambda tx: tx.get(POOL_IMPORT, uploading.key)) == uploading.job
    uploading.store.close()
