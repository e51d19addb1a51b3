"""`bargate audit` on the files of a folder."""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bargate.audit.chain import mac_key
from bargate.audit.event import OK, Claimed, Event, SeriesName
from bargate.audit.files import Bounds, Series, files_of, prepare_folder
from bargate.cli.audit import audit

NOW = datetime(2026, 11, 28, 20, 0, tzinfo=UTC)
BOUNDS = Bounds(max_file_bytes=500, max_files=100)


def write(data: Path, series: SeriesName, *events: Event) -> None:
    opened = Series(prepare_folder(data), series, mac_key(bytes(32)), BOUNDS)
    for each in events:
        opened.append([each])
    opened.close()


def event(minute: int, **more: object) -> Event:
    given = {"service": "cognito-idp", "operation": f"Do{minute}", "outcome": OK, **more}
    return Event(time=NOW + timedelta(minutes=minute), **given)  # type: ignore[arg-type]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    key = tmp_path / "master.key"
    key.write_text(base64.b64encode(bytes(32)).decode() + "\n")
    key.chmod(0o600)
    write(tmp_path, "changes", *(event(n, caller="arn:root", user="ann") for n in (1, 4, 7)))
    write(tmp_path, "users", event(2, user="ann", sub="s-1"), event(5, user="ben", sub="s-2"))
    write(tmp_path, "refused", event(3, user="who", outcome="UserNotFoundException"))
    return tmp_path


def run(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(audit, ["--data", str(data), *arguments])


def operations(result: Result) -> list[str]:
    return [json.loads(line)["operation"] for line in result.stdout.splitlines()]


def test_series_are_merged_by_time_and_filtered(data: Path) -> None:
    assert operations(run(data, "--json")) == ["Do1", "Do2", "Do3", "Do4", "Do5", "Do7"]
    assert operations(run(data, "--json", "--user", "ben")) == ["Do5"]
    assert operations(run(data, "--json", "--user", "s-1")) == ["Do2"]
    assert operations(run(data, "--json", "--since", "2026-11-28T20:05")) == ["Do5", "Do7"]
    assert operations(run(data, "--json", "--since", "2026-11-28T20:05+01:00")) != ["Do5", "Do7"]
    assert run(data, "--pool", "us-east-1_nobody").stdout == ""
    assert run(data, "--since", "yesterday").exit_code == 2
    assert run(data, "--since", "999999999d").exit_code == 2


def test_files_that_are_too_old_are_not_opened(data: Path) -> None:
    write(data, "changes", *(event(n) for n in range(10, 20)))
    old = files_of(data / "audit", "changes")[0]
    old.write_bytes(b'{"number":1,"opens":"changes"')
    os.utime(old, (0, 0))
    assert operations(run(data, "--json", "--since", "2026-11-28T20:19")) == ["Do19"]


def test_a_line_says_who_what_and_how_it_ended(data: Path) -> None:
    lines = run(data).stdout.splitlines()
    assert lines[0] == "2026-11-28 20:01:00  ok  cognito-idp:Do1  arn:root for ann (unknown)"
    assert lines[1] == "2026-11-28 20:02:00  ok  cognito-idp:Do2  ann (s-1)"
    assert "UserNotFoundException" in lines[2]


def test_whoever_wrote_the_file_cannot_speak_to_the_terminal(data: Path) -> None:
    bad = "\x1b[2J\u202e\x9b31m\nforged"
    names = {"user": bad, "caller": bad, "outcome": bad, "service": bad, "resource": bad}
    write(data, "users", event(30, **names, claimed=Claimed(agent=bad)))
    assert all(line.isprintable() for line in run(data).stdout.split("\n"))
    shown = run(data, "--json").stdout
    assert shown.isascii()
    assert "\x1b" not in shown


def test_verifying_says_where_the_chain_is_broken(data: Path) -> None:
    intact = run(data, "--verify")
    assert intact.exit_code == 0
    ends = [line.split()[-1] for line in intact.stdout.splitlines() if "end" in line]
    assert len(ends) == 3
    assert "refreshes: no lines" in intact.stdout
    path = files_of(data / "audit", "users")[0]
    path.write_bytes(path.read_bytes().replace(b"ann", b"eve"))
    broken = run(data, "--verify", "--through", ends[0])
    assert broken.exit_code == 1
    assert f"{path.name} line 2: it was changed" in broken.stdout
    assert run(data, "--verify", "--through", "users:1:zz").exit_code == 2
    gone = run(data, "--verify", "--through", f"users:9:{'0' * 64}")
    assert (gone.exit_code, "users: line 9 is not there any more\n" in gone.stdout) == (1, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--through", f"users:1:{'0' * 64}"),
        ("--verify", "--json"),
        ("--verify", "--follow"),
        ("--verify", "--user", "ann"),
        ("--verify", "--pool", "us-east-1_a"),
        ("--verify", "--since", "2h"),
    ],
)
def test_options_that_would_do_nothing_are_refused(data: Path, options: tuple[str, ...]) -> None:
    result = run(data, *options)
    assert (result.exit_code, result.stdout, "--verify" in result.stderr) == (2, "", True)


def test_what_cannot_be_read_is_said_in_words(data: Path, tmp_path: Path) -> None:
    (data / "master.key").unlink()
    missing = run(data, "--verify")
    assert missing.exit_code == 1
    assert "master key" in missing.stderr
    (tmp_path / "empty").mkdir()
    assert "no audit log" in run(tmp_path / "empty").stderr
    (data / "audit" / "changes-000000000000.jsonl").mkdir()
    assert "cannot be read" in run(data).stderr
