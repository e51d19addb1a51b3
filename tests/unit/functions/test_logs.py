"""Logs of functions: bounded, private, and harmless to whoever looks at them."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.functions import logs
from bargate.functions.logs import (
    FunctionLogs,
    UnsafeLogs,
    log_file,
    logs_folder,
    logs_folders,
    shown,
)

TIME = "2026-11-28T10:20:30.123Z "


def now() -> datetime:
    return datetime(2026, 11, 28, 10, 20, 30, 123_456, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "functions-8080"


def test_a_line_is_kept_behind_its_time(folder: Path) -> None:
    written = FunctionLogs(folder, now)
    written.write("pets", b"hello")
    written.write("pets", b"\xff\x1b[31m")
    written.close()
    assert (folder / "pets.log").read_bytes() == f"{TIME}hello\n{TIME}".encode() + b"\xff\x1b[31m\n"


def test_only_their_owner_may_read_logs(folder: Path) -> None:
    before = os.umask(0)
    try:
        written = FunctionLogs(folder, now)
        written.write("pets", b"secret")
        written.announce(["other"])
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"pets.log": 0o600, "other.log": 0o600}
    written.close()


def test_a_folder_that_others_may_enter_is_not_used(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    with pytest.raises(UnsafeLogs):
        FunctionLogs(folder, now)
    link = tmp_path / "functions-1"
    (tmp_path / "private").mkdir(mode=0o700)
    link.symlink_to(tmp_path / "private")
    with pytest.raises(UnsafeLogs):
        FunctionLogs(link, now)


def test_a_line_cannot_pretend_to_be_two(folder: Path) -> None:
    written = FunctionLogs(folder, now)
    written.write("pets", b"one\n2026-01-01T00:00:00.000Z forged\rover")
    written.close()
    text = (folder / "pets.log").read_bytes().decode()
    assert text == f"{TIME}one\\n2026-01-01T00:00:00.000Z forged\rover\n"


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a.1", "x" * 65, "a\n", "é"])
def test_what_is_no_name_leads_to_no_file(folder: Path, name: str) -> None:
    written = FunctionLogs(folder, now)
    with pytest.raises(ValueError, match="no name of a function"):
        written.write(name, b"x")
    with pytest.raises(ValueError, match="no name of a function"):
        written.announce([name])
    assert list(folder.iterdir()) == []


def test_a_link_in_place_of_a_log_is_not_followed(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "target"
    target.write_text("kept")
    written = FunctionLogs(folder, now)
    (folder / "pets.log").symlink_to(target)
    written.write("pets", b"x")
    written.write("pets", b"x")
    assert target.read_text() == "kept"
    assert caplog.text.count("not written") == 1


def test_a_log_is_rotated_and_one_older_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 200)
    written = FunctionLogs(folder, now)
    for number in range(20):
        written.write("pets", b"%02d" % number + b"x" * 40)
    written.close()
    files = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(files) == {"pets.log", "pets.1.log"}
    assert all(size <= 200 for size in files.values())
    kept = (folder / "pets.1.log").read_text() + (folder / "pets.log").read_text()
    numbers = [int(line.removeprefix(TIME)[:2]) for line in kept.splitlines()]
    assert numbers == list(range(numbers[0], 20))


def test_a_line_that_is_too_long_is_cut(folder: Path) -> None:
    written = FunctionLogs(folder, now)
    written.write("pets", b"x" * (logs.MAX_LINE_BYTES + 10))
    written.close()
    assert (folder / "pets.log").stat().st_size == len(TIME) + logs.MAX_LINE_BYTES + 1


def test_no_more_files_are_open_than_may_be(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_OPEN", 3)
    written = FunctionLogs(folder, now)
    for _ in range(2):
        for number in range(10):
            written.write(f"f{number}", b"x")
            assert len(written._open) <= 3
    written.close()
    assert all(path.read_text().count("\n") == 2 for path in folder.iterdir())
    assert len(list(folder.iterdir())) == 10


def test_all_logs_together_are_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 1_000)
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 300)
    written = FunctionLogs(folder, now)
    for number in range(100):
        written.write("kept", b"kept")
        written.write(f"f{number}", b"x" * 100)
        assert sum(path.stat().st_size for path in folder.iterdir()) <= 1_000
    assert (folder / "kept.log").exists()  # it wrote all the time
    assert (folder / "f99.log").exists()
    assert not (folder / "f0.log").exists()
    written.close()
    again = FunctionLogs(folder, now)
    assert again._bytes == sum(path.stat().st_size for path in folder.iterdir())
    again.close()


def test_a_host_that_is_started_again_goes_on_in_the_same_log(folder: Path) -> None:
    for word in (b"one", b"two"):
        written = FunctionLogs(folder, now)
        written.write("pets", word)
        written.close()
    assert (folder / "pets.log").read_text().splitlines() == [f"{TIME}one", f"{TIME}two"]
    FunctionLogs(folder, now).close(remove=True)
    assert not folder.exists()


def test_installations_are_found_by_their_port(tmp_path: Path) -> None:
    for port in (9000, 8080):
        FunctionLogs(logs_folder(tmp_path, port), now).close()
    (tmp_path / "functions-open").mkdir(mode=0o700)
    (tmp_path / "functions-7").mkdir()
    (tmp_path / "functions-7").chmod(0o777)
    (tmp_path / "functions-8").symlink_to(tmp_path / "functions-9000")
    (tmp_path / "functions-9").touch()
    assert list(logs_folders(tmp_path)) == [8080, 9000]
    assert log_file(logs_folder(tmp_path, 8080), "pets").name == "pets.log"
    assert logs_folders(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("plain text, ünïcödé 猫", "plain text, ünïcödé 猫"),
        ("tab\tkept", "tab\tkept"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u202eb\u200b", "a\\u202eb\\u200b"),
        ("over\rwritten", "over\\rwritten"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_what_a_terminal_could_obey_is_escaped(line: str, safe: str) -> None:
    assert shown(line) == safe


@given(st.text())
def test_nothing_but_text_is_ever_shown(line: str) -> None:
    assert shown(line).replace("\t", "").isprintable()
