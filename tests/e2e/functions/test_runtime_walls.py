"""What a function's process cannot do to others, tried by functions that attack."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bargate.functions.run_as import FIRST_UID, USERS, take_user
from bargate.functions.runtime_process import RuntimeProcess
from bargate.secret import Secret
from function_processes import CODE, answer, event, once, run, spec, started, walled_in


@walled_in
def test_it_runs_as_a_user_of_its_own_in_its_code_folder() -> None:
    async def work() -> None:
        async with started("plain.where") as one, started("plain.where") as other:
            told = [answer(await each.invoke(event())) for each in (one, other)]
        assert told[0]["uid"] != told[1]["uid"]
        for each in told:
            assert FIRST_UID <= each["uid"] < FIRST_UID + USERS
            assert each["groups"] == []
            assert each["cwd"] == each["path"] == str(CODE)

    run(work())


@walled_in
def test_it_cannot_write_to_code_or_system() -> None:
    paths = [
        f"{CODE}/new",
        f"{CODE}/plain.py",
        "/new",
        "/etc/passwd",
        f"{sys.prefix}/new",
        "/dev/new",
    ]
    refused = answer(run(once("hostile.writes", paths)))
    assert set(refused) <= {"OSError", "PermissionError"}, refused


@walled_in
def test_not_even_a_writable_code_folder_is_written_to(tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_bytes((CODE / "hostile.py").read_bytes())
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    tmp_path.chmod(0o777)
    assert answer(run(once("hostile.writes", [f"{tmp_path}/new"], code_folder=str(tmp_path)))) == [
        "OSError"
    ]
    assert not (tmp_path / "new").exists()


@walled_in
def test_it_sees_no_file_but_its_own(tmp_path: Path) -> None:
    """Others' files are world-readable here: it is the root that keeps them away."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "master.key").write_text("secret")
    paths = [data, data / "master.key", tmp_path, "/var", "/run", "/home", "/srv", "/root/.ssh"]
    paths += [Path(__file__), CODE.parents[2] / "unit", "/proc/1/root/root/.ssh", "/proc/3"]
    kinds = answer(run(once("hostile.reads", list(map(str, paths)))))
    assert set(kinds) == {"FileNotFoundError"}, kinds
    assert answer(run(once("hostile.reads", ["/etc/shadow"]))) == ["PermissionError"]


@walled_in
def test_temporary_files_are_its_own_and_go_with_it() -> None:
    async def work() -> None:
        async with started("plain.keeps") as one, started("hostile.reads") as other:
            assert answer(await one.invoke(event())) == "/tmp"
            assert answer(await other.invoke(event(["/tmp/kept"]))) == ["FileNotFoundError"]
        async with started("hostile.reads") as later:
            assert answer(await later.invoke(event(["/tmp/kept"]))) == ["FileNotFoundError"]

    run(work())
    assert not Path("/tmp/kept").exists()


@walled_in
def test_its_disk_is_bounded() -> None:
    assert 400 < answer(run(once("hostile.fills_disk", timeout_s=30))) <= 512


@walled_in
def test_it_sees_no_process_but_its_own() -> None:
    assert set(answer(run(once("hostile.sees_processes")))) <= {1, 2}


@walled_in
def test_it_cannot_become_anybody_else() -> None:
    refused = answer(run(once("hostile.becomes_root", os.getpid())))
    not_permitted = ["PermissionError"] * 3
    assert refused == [*not_permitted, "ProcessLookupError", "PermissionError", "ValueError"]


@walled_in
def test_it_cannot_make_its_root_writable() -> None:
    assert answer(run(once("hostile.remounts", ["/", str(CODE), "/usr"]))) == [-1, -1, -1]


def test_limits_are_set() -> None:
    limits = answer(run(once("hostile.limits")))
    assert limits["CORE"] == [0, 0]
    assert limits["NOFILE"] == [1024, 1024]
    assert limits["FSIZE"] == [512 * 1024 * 1024] * 2
    assert limits["AS"] == [(2 * 128 + 2048) * 1024 * 1024] * 2
    assert limits["NPROC"][1] in {256, 4096}


def test_variables_of_the_function_have_no_effect_on_what_walls_it_in(tmp_path: Path) -> None:
    """LD_PRELOAD and the like must not run code before the user is changed."""
    (tmp_path / "os.py").write_text("open('/tmp/owned', 'w')\n")
    environment = {
        "LD_PRELOAD": f"{tmp_path}/no.so",
        "LD_LIBRARY_PATH": str(tmp_path),
        "PYTHONPATH": "",
        "PYTHONSTARTUP": f"{tmp_path}/os.py",
    }
    log: list[bytes] = []

    async def work() -> None:
        given = {name: Secret(value) for name, value in environment.items()}
        async with started("plain.environment", log, environment=given) as process:
            told = answer(await process.invoke(event()))
            assert told["LD_LIBRARY_PATH"] == str(tmp_path)

    run(work())
    complaints = [line for line in log if b"LD_PRELOAD" in line]
    assert len(complaints) == 1  # the loader's, from the runtime itself, not from the bootstrap


def test_reserved_variables_are_not_the_functions_to_set() -> None:
    given = {"_HANDLER": Secret("other.handler"), "AWS_LAMBDA_RUNTIME_API": Secret("127.0.0.1:1")}
    assert answer(run(once("plain.echo", 1, environment=given)))["event"] == 1


def test_another_function_cannot_speak_to_its_runtime_api() -> None:
    async def work() -> None:
        async with started("plain.echo") as victim, started("hostile.steals") as thief:
            port = victim._api.port
            for _ in range(3):
                stolen = answer(await thief.invoke(event(port)))
                assert not any(isinstance(each, int) for each in stolen), stolen
            assert victim.is_usable
            assert answer(await victim.invoke(event("mine")))["event"] == "mine"

    run(work())


def test_a_thief_gets_nothing_while_the_event_is_worked_on() -> None:
    async def work() -> None:
        async with (
            started("hostile.hangs", timeout_s=2) as victim,
            started("hostile.steals") as thief,
        ):
            working = asyncio.create_task(victim.invoke(event()))
            await asyncio.sleep(0)
            stolen = answer(await thief.invoke(event(victim._api.port)))
            assert not any(isinstance(each, int) for each in stolen), stolen
            assert b"Sandbox.Timedout" in (await working).payload

    run(work())


def test_the_operator_cannot_speak_to_it_either() -> None:
    async def work() -> None:
        async with started("plain.echo") as process:
            reader, writer = await asyncio.open_connection("127.0.0.1", process._api.port)
            writer.write(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
            writer.close()
            assert answer(await process.invoke(event(2)))["event"] == 2

    run(work())


def test_a_runtime_answers_its_own_event_alone_and_once() -> None:
    async def work() -> None:
        async with started("hostile.forges") as process:
            assert answer(await process.invoke(event())) == [400, 403, 404]
            assert not process.is_usable
        async with started("hostile.answers_twice") as process:
            assert answer(await process.invoke(event())) == "first"
            await asyncio.wait_for(asyncio.shield(process._sandbox.exited), 10)
            assert not process.is_usable

    run(work())


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("\0\0\0 nonsense\r\n\r\n", 1),
        ("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nX: " + "a" * 1000 + "\r\n", 3000),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 1),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: x, chunked, y\r\n\r\n", 1),
    ],
)
def test_malformed_requests_end_the_connection_alone(text: str, times: int) -> None:
    told = answer(run(once("hostile.raw", {"text": text, "times": times})))
    assert not told.startswith("HTTP/1.1 2"), told


def test_it_dies_with_the_host(tmp_path: Path) -> None:
    """Kill -9 of the host ends its functions, and what they forked."""
    mark = f"stray-{os.getpid()}-{tmp_path.name}"
    script = tmp_path / "host.py"
    script.write_text(_HOST)
    search = os.pathsep.join(path for path in sys.path if path)
    environment = {**os.environ, "PYTHONPATH": search}
    command = [sys.executable, str(script), mark]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as host:
        assert host.stdout is not None
        keeper = int(host.stdout.readline())
        assert _lives(mark)
        watched = os.pidfd_open(keeper)
        host.send_signal(signal.SIGKILL)
    run(_readable(watched))
    os.close(watched)
    until = time.monotonic() + 10
    while _lives(mark):
        assert time.monotonic() < until


_HOST = """
import asyncio, sys
from function_processes import event, started
async def work():
    async with started("hostile.double_forks") as process:
        await process.invoke(event(sys.argv[1]))
        print(process._sandbox._keeper.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(work())
"""


async def _readable(descriptor: int) -> None:
    done = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, done.set)
    await asyncio.wait_for(done.wait(), 10)
    asyncio.get_running_loop().remove_reader(descriptor)


def _lives(mark: str) -> bool:
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False)
    return found.returncode == 0


def _descriptors() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


def test_nothing_of_ours_is_left_behind() -> None:
    async def work() -> None:
        before = _descriptors()
        for _ in range(3):
            process = await RuntimeProcess.start(spec("plain.echo"), lambda _: None)
            await process.invoke(event())
            await process.end()
        assert _descriptors() == before

    run(work())


@walled_in
def test_users_are_given_once_and_again_after_release() -> None:
    one, other = take_user(), take_user()
    assert one.uid != other.uid
    one.release()
    again = take_user()
    assert again.uid == one.uid
    again.release()
    other.release()
