"""Import jobs and files as records: their states, their bounds, and their reports."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bargate.records.pool_import import POOL_IMPORT, PoolImport
from bargate.records.user_pool import USER_POOL, UserPool
from bargate.secret import Secret
from bargate.store.sqlite import SqliteStore
from bargate.userpool.imports import files, jobs
from bargate.userpool.imports.folder import ImportFolder
from bargate.userpool.imports.report import HEADER, NoReport, Report
from bargate.wire.error import AwsError

NOW = datetime(2026, 5, 1, tzinfo=UTC)
POOL = UserPool(
    account_id="0" * 12, region="us-east-1", id="us-east-1_abcdefghi", name="p", created_at=NOW,
    modified_at=NOW, schema=(), auto_verified=("email",),
)  # fmt: skip


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    made = SqliteStore()
    made.write(lambda tx: tx.create(USER_POOL, POOL))
    yield made
    made.close()


def a_job(now: datetime = NOW, **more: Any) -> PoolImport:
    return replace(jobs.drawn_job(POOL, "job", "arn:role", None, now), **more)


def test_a_token_uploads_for_a_quarter_of_an_hour_and_while_nothing_started() -> None:
    job = a_job()
    assert job.token is not None
    token = job.token.reveal()
    assert jobs.takes_upload(job, token, NOW)
    assert not jobs.takes_upload(job, token, NOW + timedelta(minutes=15))
    assert not jobs.takes_upload(job, "", NOW)
    assert not jobs.takes_upload(replace(job, token=None), "", NOW)
    assert not jobs.takes_upload(replace(job, status="Pending"), token, NOW)
    assert token != a_job().token
    assert token not in repr(job)


def test_a_job_that_nobody_starts_is_over_after_a_day(store: SqliteStore) -> None:
    old = store.write(lambda tx: jobs.new_job(tx, POOL, a_job(uploaded_at=NOW)))
    later = NOW + timedelta(hours=24)
    assert jobs.as_of(old, later - timedelta(seconds=1)).status == "Created"
    seen = jobs.as_of(old, later)
    assert (seen.status, seen.token, seen.completed_at) == ("Expired", None, later)
    with pytest.raises(AwsError) as refused:
        store.write(lambda tx: jobs.start(tx, POOL, old, later))
    assert refused.value.code == "PreconditionNotMetException"
    store.write(lambda tx: jobs.new_job(tx, POOL, a_job(later)))
    assert store.read(lambda tx: tx.get(POOL_IMPORT, POOL_IMPORT.key_of(old))).status == "Expired"


def test_jobs_that_are_over_make_room(store: SqliteStore, monkeypatch: Any) -> None:
    monkeypatch.setattr(jobs, "MAX_JOBS", 3)
    made = []
    for minute in range(5):
        at = NOW + timedelta(minutes=minute)
        job = a_job(at, status="Succeeded", completed_at=at)
        made.append(store.write(lambda tx, job=job: jobs.new_job(tx, POOL, job)))  # type: ignore[misc]
    kept = store.read(lambda tx: tx.list_by(POOL_IMPORT, "newest", (POOL.id, "job")))
    assert [each.id for each in kept] == [each.id for each in made[:1:-1]]


def test_a_file_is_known_by_its_content(store: SqliteStore) -> None:
    def begin(digest: str, **more: Any) -> PoolImport:
        file = files.File(pool_id=POOL.id, path="/users.csv", digest=digest * 40, **more)
        return store.write(lambda tx: files.begin(tx, file, NOW))[1]

    first = begin("a")
    assert begin("a") == first
    with pytest.raises(AwsError, match="has changed"):
        begin("b")
    second = begin("b", again=True)
    stopped = store.read(lambda tx: tx.get(POOL_IMPORT, POOL_IMPORT.key_of(first)))
    assert (stopped.status, second.status) == ("Stopped", "InProgress")
    key = POOL_IMPORT.key_of(second)
    with pytest.raises(AwsError):
        store.write(lambda tx: files.finish(tx, key, 1, None, NOW))
    failed = store.write(lambda tx: files.finish(tx, key, 0, "cut off", NOW))
    assert (failed.status, failed.message) == ("Failed", "cut off")
    assert begin("b").status == "InProgress"
    store.write(lambda tx: files.finish(tx, key, 0, None, NOW))
    assert begin("b").status == "Succeeded"


def progress(size_bytes: int, *bad: tuple[int, str, str]) -> PoolImport:
    return a_job(reported_bytes=size_bytes, last_bad=bad)


def test_a_report_is_made_what_the_import_says(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    report, is_whole = Report.of(path, progress(0))
    assert is_whole
    report.add([(2, "ann", "a reason, with comma")])
    size = report.size_bytes
    report.add([(3, "lost in a crash", "of which nothing was kept")])
    report.close()
    report, is_whole = Report.of(path, progress(size, (4, "bob", "b")))
    report.close()
    assert is_whole
    lines = path.read_bytes().split(b"\r\n")
    assert lines == [HEADER.strip(), b'2,ann,"a reason, with comma"', b"4,bob,b", b""]
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    report, is_whole = Report.of(path, progress(size, (4, "bob", "b")))
    report.close()
    assert not is_whole
    assert path.read_bytes() == HEADER + b"4,bob,b\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\tx", " =1", "\r=1"])
def test_no_spreadsheet_finds_a_formula(tmp_path: Path, text: str) -> None:
    report, _ = Report.of(tmp_path / "report.csv", progress(0))
    report.add([(2, text, text)])
    report.close()
    (_, line) = (tmp_path / "report.csv").read_bytes().decode().split("\r\n", 1)
    assert line.count("'") == 2


def test_a_report_takes_the_place_of_nothing_else(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("line,something else")
    with pytest.raises(NoReport):
        Report.of(other, progress(0))
    link = tmp_path / "link"
    link.symlink_to(other)
    with pytest.raises(OSError, match="symbolic links"):
        Report.of(link, progress(0))
    assert other.read_text() == "line,something else"
    Report.of(tmp_path / "mine", progress(0))[0].close()
    (tmp_path / "another-name").hardlink_to(tmp_path / "mine")
    with pytest.raises(NoReport, match="other names"):
        Report.of(tmp_path / "mine", progress(0))


def test_the_folder_keeps_what_records_name(tmp_path: Path) -> None:
    folder = ImportFolder(tmp_path)
    key, gone = ("us-east-1_a", "import-1"), ("us-east-1_a", "import-2")
    for each in (key, gone):
        folder.keep(each, folder.begin(each))
        folder.report(each).touch()
    folder.begin(("us-east-1_a", "import-3")).close()
    folder.sweep({key: a_job(token=Secret("x"))})
    assert sorted(path.name for path in (tmp_path / "imports").iterdir()) == [
        "us-east-1_a.import-1.csv",
        "us-east-1_a.import-1.report.csv",
    ]
    assert (tmp_path / "imports").stat().st_mode & 0o777 == 0o700
    assert folder.data(key).stat().st_mode & 0o777 == 0o600
    folder.forget(key, a_job(status="Succeeded"))
    assert not folder.data(key).exists()
    folder.forget(key, None)
    assert not folder.report(key).exists()
