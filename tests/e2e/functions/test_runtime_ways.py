"""Without the right to mount, or without root: a user of its own, or the operator's."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from bargate.functions import runtime_sandbox
from bargate.functions.run_as import FIRST_UID, Way
from function_processes import answer, error, event, run, started

SYSTEM_PYTHON = "/usr/bin/python3"


def _lives(mark: str) -> bool:
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False)
    return found.returncode == 0


def _same_version() -> bool:
    asked = subprocess.run([SYSTEM_PYTHON, "-V"], capture_output=True, text=True, check=False)
    return asked.stdout.split()[-1:] != [] and asked.stdout.split()[-1].startswith("3.11.")


@pytest.fixture(params=[Way.PLAIN, Way.OWN_USER])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    chosen: Way = request.param
    if chosen is Way.OWN_USER:
        if os.geteuid() != 0 or not _same_version():
            pytest.skip("needs root, and an interpreter that everybody can read")
        monkeypatch.setattr("sys.executable", SYSTEM_PYTHON)
    monkeypatch.setattr(runtime_sandbox, "chosen_way", lambda: chosen)
    return chosen


def test_a_function_works(way: Way) -> None:
    async def work() -> str:
        async with started("plain.where") as process:
            told = answer(await process.invoke(event()))
            assert process.is_usable
        if way is Way.OWN_USER:
            assert told["uid"] >= FIRST_UID
            assert told["groups"] == []
        else:
            assert told["uid"] == os.geteuid()
        async with started("plain.environment") as process:
            folder: str = answer(await process.invoke(event()))["TMPDIR"]
            assert Path(folder).is_dir()  # noqa: ASYNC240
        return folder

    assert not Path(run(work())).exists()


@pytest.mark.parametrize(
    "handler",
    [
        "hostile.double_forks",
        "hostile.double_forks_and_hangs",
        "hostile.double_forks_and_exits",
    ],
)
def test_strays_do_not_outlive_it(way: Way, handler: str) -> None:
    mark = f"stray-{uuid.uuid4().hex}"

    async def work() -> None:
        async with started(handler, timeout_s=2) as process:
            await process.invoke(event(mark))
            assert handler != "hostile.double_forks" or _lives(mark)
        assert not _lives(mark)

    run(work())


@pytest.mark.parametrize("handler", ["hostile.hangs", "hostile.ignores_signals"])
def test_a_time_out_ends_it(way: Way, handler: str) -> None:
    async def work() -> None:
        async with started(handler, timeout_s=1) as process:
            assert error(await process.invoke(event()))["errorType"] == "Sandbox.Timedout"
            assert process._sandbox.exited.done()

    run(work())


def test_another_function_cannot_speak_to_its_runtime_api(way: Way) -> None:
    async def work() -> None:
        async with started("plain.echo") as victim, started("hostile.steals") as thief:
            stolen = answer(await thief.invoke(event(victim._api.port)))
            assert not any(isinstance(each, int) for each in stolen), stolen
            assert answer(await victim.invoke(event(2)))["event"] == 2

    run(work())


def test_a_fork_bomb_is_ended(way: Way) -> None:
    if way is Way.PLAIN:
        pytest.skip("only a user of its own has a count of its own")

    async def work() -> None:
        async with started("hostile.bombs", memory_mb=1024) as process:
            assert answer(await process.invoke(event())) < 300

    run(work())


def test_a_user_of_its_own_cannot_look_at_others(way: Way) -> None:
    if way is Way.PLAIN:
        pytest.skip("the operator's user can")

    async def work() -> None:
        async with started("plain.environment") as one, started("hostile.reads") as other:
            told = answer(await one.invoke(event()))
            keeper = one._sandbox._keeper.pid
            paths = [f"/proc/{os.getpid()}/environ", f"/proc/{keeper}/environ", told["TMPDIR"]]
            paths += [f"/proc/{pid}/environ" for pid in one._sandbox._members()]
            assert set(answer(await other.invoke(event(paths)))) == {"PermissionError"}

    run(work())
