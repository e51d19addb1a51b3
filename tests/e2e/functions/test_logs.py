"""`bargate logs` as a real process, over logs as the functions host writes them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bargate.functions import logs
from bargate.functions.logs import FunctionLogs, logs_folder


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def written(run_dir: Path) -> Iterator[FunctionLogs]:
    made = FunctionLogs(logs_folder(run_dir, 8080), now)
    yield made
    made.close()


def command(run_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bargate", "logs", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BARGATE_RUN_DIR": str(run_dir)},
    )


def shown(run_dir: Path, *arguments: str) -> tuple[int | None, str, str]:
    process = command(run_dir, *arguments)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@contextlib.contextmanager
def following(run_dir: Path, *arguments: str) -> Iterator[Callable[[], str]]:
    process = command(run_dir, "--follow", *arguments)
    assert process.stdout is not None
    try:
        yield process.stdout.readline
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, "", "")
    finally:
        process.kill()
        process.communicate()


def test_the_last_lines_are_shown_without_what_a_terminal_obeys(
    run_dir: Path, written: FunctionLogs
) -> None:
    for number in range(5):
        written.write("pets", b"line %d \x1b[2J\xff" % number)
    code, out, err = shown(run_dir, "pets", "--lines", "2")
    assert (code, err) == (0, "")
    assert [line.partition("Z ")[2] for line in out.splitlines()] == [
        "line 3 \\x1b[2J\ufffd",
        "line 4 \\x1b[2J\ufffd",
    ]
    assert shown(run_dir, "pets", "--lines", "0") == (0, "", "")


def test_a_traceback_has_lines_which_nobody_takes_for_those_of_a_function(
    run_dir: Path, written: FunctionLogs
) -> None:
    written.write("pets", b"[ERROR] KeyError\r  File main.py\r2026-01-01T00:00:00Z forged\x1b[2J\r")
    _, out, _ = shown(run_dir, "pets")
    first, *more = out.splitlines()
    assert first.endswith("Z [ERROR] KeyError")
    assert more == ["      File main.py", "    2026-01-01T00:00:00Z forged\\x1b[2J"]


def test_lines_before_a_rotation_are_shown(
    run_dir: Path, written: FunctionLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 120)
    for number in range(4):
        written.write("pets", b"line %d" % number + b"." * 20)
    _, out, _ = shown(run_dir, "pets")
    assert [line.partition("line ")[2][0] for line in out.splitlines()] == ["0", "1", "2", "3"]


def test_what_comes_is_followed_through_rotations_until_ctrl_c(
    run_dir: Path, written: FunctionLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_FILE_BYTES", 120)
    written.write("pets", b"first")
    with following(run_dir, "pets") as line:
        assert line().endswith("Z first\n")
        for number in range(8):
            written.write("pets", b"line %d" % number + b"." * 20)
            assert line().endswith(f"Z line {number}{'.' * 20}\n")


def test_a_function_that_wrote_nothing_can_be_followed(
    run_dir: Path, written: FunctionLogs
) -> None:
    written.announce(["pets"])
    assert shown(run_dir, "pets") == (0, "", "bargate: pets has written nothing yet\n")
    process = command(run_dir, "pets", "--follow")
    assert process.stdout is not None
    written.write("pets", b"at last")
    assert process.stdout.readline().endswith("Z at last\n")
    written.close(remove=True)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "bargate: the installation has ended\n")


def test_nothing_to_show_is_said_clearly(run_dir: Path, written: FunctionLogs) -> None:
    code, _, err = shown(run_dir, "pets")
    assert code == 1
    assert "there is no function pets that has run; none has written anything yet" in err
    written.announce(["dogs", "cats"])
    code, _, err = shown(run_dir, "pets")
    assert (code, err) == (
        1,
        "bargate: there is no function pets that has run; there are: cats, dogs\n",
    )
    code, _, err = shown(run_dir, "pets", "--port", "1")
    assert code == 1
    assert "no installation of this user on port 1 runs functions" in err
    code, _, err = shown(run_dir / "nowhere", "pets")
    assert code == 1
    assert "no installation of this user runs functions" in err


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x1b[2J", "pets.1"])
def test_what_is_no_name_shows_no_file(run_dir: Path, written: FunctionLogs, name: str) -> None:
    code, out, err = shown(run_dir, name)
    assert (code, out) == (1, "")
    assert "is no name of a function" in err
    assert "\x1b" not in err


def test_one_of_several_installations_is_chosen_by_its_port(
    run_dir: Path, written: FunctionLogs
) -> None:
    other = FunctionLogs(logs_folder(run_dir, 9090), now)
    written.write("pets", b"here")
    other.write("pets", b"there")
    other.close()
    code, _, err = shown(run_dir, "pets")
    assert code == 1
    assert "--port: 8080, 9090" in err
    _, out, _ = shown(run_dir, "pets", "--port", "9090")
    assert out.endswith("Z there\n")


def test_a_run_directory_that_others_may_enter_shows_nothing(
    run_dir: Path, written: FunctionLogs
) -> None:
    written.write("pets", b"planted")
    run_dir.chmod(0o777)
    code, out, _ = shown(run_dir, "pets")
    assert (code, out) == (1, "")
