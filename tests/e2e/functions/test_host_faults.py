"""What is left when processes are killed: answers in time, functions that go on, nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from bargate.functions.client import FunctionsClient
from bargate.functions.messages import HostPlace
from bargate.model.invocation import Errored, Refused, Returned
from bargate.secret import Secret
from e2e.control.installation import Running, installation, is_alive, until
from e2e.functions.hosting import Hosted, function, hosting

PID = "import os\ndef handler(event, context):\n    return os.getppid(), os.getpid()\n"
SLEEP = """
import time
def handler(event, context):
    time.sleep(event.get("s", 0))
    return "slept"
"""


def below(process_id: int) -> list[int]:
    """Give all processes that a process started, and those that they did."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
        except (FileNotFoundError, ProcessLookupError, ValueError):
            continue
        found.append((int(lines["Pid"]), int(lines["PPid"])))
    children = [process_id]
    for parent in children:
        children += [pid for pid, ppid in found if ppid == parent]
    return children[1:]


def test_a_host_that_is_killed_is_answered_for_at_once_and_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("f", tmp_path / "f", SLEEP, timeout_s=60)) as host:
            assert isinstance(await host.invoke("f"), Returned)
            calls = [asyncio.create_task(host.invoke("f", b'{"s":50}')) for _ in range(20)]
            await asyncio.sleep(0.2)  # until they are under way; no call says that it is
            children = below(host.pid)
            assert children
            began_s = time.monotonic()
            os.kill(host.pid, signal.SIGKILL)
            outcomes = await asyncio.gather(*calls)
            assert time.monotonic() - began_s < 1.0
            assert {type(each) for each in outcomes} == {Refused}
            assert {each.reason for each in outcomes if isinstance(each, Refused)} == {
                "unavailable"
            }
            assert isinstance(await host.invoke("f"), Returned)
            await asyncio.to_thread(until, lambda: not any(map(is_alive, children)))

    asyncio.run(run())


def test_what_a_host_is_told_before_and_after_its_end_is_known(tmp_path: Path) -> None:
    async def run() -> None:
        first = function("one", tmp_path / "one", PID)
        async with hosting(first) as host:
            await host.know(function("two", tmp_path / "two", PID))
            assert isinstance(await host.invoke("two"), Returned)
            os.kill(host.pid, signal.SIGKILL)
            await host.know(function("three", tmp_path / "three", PID))
            while isinstance(await host.invoke("one"), Refused):
                pass  # asked before the end of the old host was seen
            for name in ("one", "two", "three"):
                assert isinstance(await host.invoke(name), Returned), name
            await host.know(gone=("function/123456789012/us-east-1/two",))
            gone = await host.invoke("two")
            assert isinstance(gone, Refused)
            assert gone.reason == "not_found"

    asyncio.run(run())


def test_a_function_that_is_killed_is_an_error_and_the_next_one_runs(tmp_path: Path) -> None:
    async def run() -> None:
        source = "import os\ndef handler(event, context):\n"
        source += "    if event.get('die'):\n        os.kill(os.getpid(), 9)\n    return 'alive'\n"
        async with hosting(function("f", tmp_path / "f", source)) as host:
            died = await host.invoke("f", b'{"die":true}')
            assert isinstance(died, Errored)
            assert json.loads(died.payload)["errorType"] == "Runtime.ExitError"
            lives = await host.invoke("f")
            assert isinstance(lives, Returned)
            assert lives.payload == b'"alive"'

    asyncio.run(run())


def test_who_does_not_know_the_token_is_not_answered(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("f", tmp_path / "f", PID)) as host:
            place = HostPlace(path=host.process.place.path, token=Secret("00" * 32))
            stranger, known = FunctionsClient(place), host.client
            host.client = stranger
            refused = await host.invoke("f")
            assert isinstance(refused, Refused)
            assert refused.reason == "unavailable"
            await stranger.close()
            host.client = known
            assert isinstance(await host.invoke("f"), Returned)

    asyncio.run(run())


def test_only_the_owner_reaches_the_socket(tmp_path: Path) -> None:
    async def run() -> tuple[int, int, str, str]:
        async with hosting(function("f", tmp_path / "f", PID)) as host:
            return await asyncio.to_thread(look, host)

    def look(host: Hosted) -> tuple[int, int, str, str]:
        path, place = Path(host.process.place.path), Path(f"/proc/{host.pid}")
        told = (place / "environ").read_text() + (place / "cmdline").read_text()
        modes = path.parent.stat().st_mode & 0o777, path.stat().st_mode & 0o777
        return *modes, told, host.process.place.token.reveal()

    folder, file, told, token = asyncio.run(run())
    assert (folder, file) == (0o700, 0o600)
    assert len(token) == 64
    assert token not in told


def invoked(running: Running, name: str, event: Any) -> Any:
    answer = running.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
    assert answer["StatusCode"] == 200, answer
    return json.loads(answer["Payload"].read())


def folder_of(tmp_path: Path, source: str) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "main.py").write_text(source)
    return folder


def test_an_installation_without_functions_starts_no_host(tmp_path: Path, run_dir: Path) -> None:
    with installation("--workers", "1", folder=tmp_path / "data", run_dir=run_dir) as running:
        assert running._children("bargate.functions.host") == []
        lambdas = running.client("lambda")
        assert lambdas.list_functions()["Functions"] == []


def test_a_supervisor_that_is_killed_leaves_no_process(tmp_path: Path, run_dir: Path) -> None:
    given = ("--function", f"pid={folder_of(tmp_path, PID)}:main.handler", "--workers", "1")
    with installation(*given, folder=tmp_path / "data", run_dir=run_dir) as running:
        invoked(running, "pid", {})
        processes = below(running.gateway.process.pid)
        assert len(processes) >= 4, "a worker, the control process, the host, the function"
        running.gateway.process.kill()
        until(lambda: not any(map(is_alive, processes)), within_s=20)


def test_functions_go_on_while_the_control_process_is_away(tmp_path: Path, run_dir: Path) -> None:
    given = ("--function", f"pid={folder_of(tmp_path, PID)}:main.handler", "--workers", "1")
    with installation(*given, folder=tmp_path / "data", run_dir=run_dir) as running:
        before = invoked(running, "pid", {})
        host = running._children("bargate.functions.host")
        os.kill(running.control_id, signal.SIGKILL)
        until(lambda: running._children("bargate.control.process") != [])
        assert invoked(running, "pid", {}) == before, "the very process is still warm"
        assert running._children("bargate.functions.host") == host


def test_a_stop_ends_a_function_that_hangs(tmp_path: Path, run_dir: Path) -> None:
    code = folder_of(tmp_path, "import time\ndef handler(event, context):\n    time.sleep(600)\n")
    given = ("--function", f"hang={code}:main.handler", "--function-timeout", "hang=900")
    with installation(
        *given, "--workers", "1", "--drain", "1", folder=tmp_path / "data", run_dir=run_dir
    ) as running:
        running.client("lambda").invoke(FunctionName="hang", InvocationType="Event", Payload="{}")
        until(lambda: len(below(running._children("bargate.functions.host")[0])) > 0)
        processes = below(running.gateway.process.pid)
        began_s = time.monotonic()
        assert running.gateway.stop() == 0
        assert time.monotonic() - began_s < 8
        assert not any(map(is_alive, processes))
