"""Workers that cannot be started, and configurations that a worker refuses: real processes."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import logging
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from bargate.gateway.supervisor import Supervisor
from bargate.gateway.worker_process import WorkerFailed
from bargate.model.installation import Installation, ServedApi
from bargate.model.rest_api import Method, RestApi
from bargate.settings import GatewaySettings
from building import MOCK, OK, PLACE, STAGE, rest_api

GOOD = Method(http_method="GET", authorization_type="NONE", integration=MOCK, method_responses=OK)
BAD = structs.replace(GOOD, integration=None)
STUB = """
    import asyncio, socket, sys
    from bargate.gateway.channel import Channel, Drain, Ready, Swap, Swapped, worker_decoder

    async def main():
        ours = socket.socket(fileno=int(sys.argv[3]))
        channel = Channel(*await asyncio.open_connection(sock=ours), worker_decoder())
        await channel.receive()
        await channel.send(Ready())
        while not isinstance(message := await channel.receive(), Drain | None):
            await channel.send(Swapped(message.version, "a refusal of mine"))

    asyncio.run(main())
"""


def _installation(*methods: tuple[str, Method]) -> Installation:
    api: RestApi = rest_api(*methods)
    return structs.replace(PLACE, served=(ServedApi(api=api, stages=(STAGE,)),))


@contextlib.asynccontextmanager
async def _running(installation: Installation, workers: int = 1) -> AsyncIterator[Supervisor]:
    settings = GatewaySettings(port=0, workers=workers, access_log="off")
    supervisor = Supervisor(settings, installation)
    try:
        await supervisor.start()
        yield supervisor
    finally:
        await supervisor.stop(1.0)


def _program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def _workers() -> list[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    named = ((int(pid), Path(f"/proc/{pid}/cmdline")) for pid in children)
    return [pid for pid, line in named if b"bargate.gateway.worker" in line.read_bytes()]


def _status(supervisor: Supervisor, installation: Installation, path: str) -> int:
    connection = http.client.HTTPConnection(*supervisor.address, timeout=20)
    api_id = installation.served[0].api.id
    connection.request("GET", f"/_api/{api_id}/prod{path}")
    status = connection.getresponse().status
    connection.close()
    return status


async def _until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(20):
        while text not in caplog.text:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.01)


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_worker_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    program, installation = tmp_path / "python", _installation(("/a", GOOD))
    _program(program, f'exec {sys.executable} "$@"')
    monkeypatch.setattr(sys, "executable", str(program))

    async def run() -> None:
        async with _running(installation) as supervisor:
            program.rename(tmp_path / "away")
            descriptors = _open_descriptors()
            (worker,) = _workers()
            os.kill(worker, signal.SIGKILL)
            await _until_logged(caplog, "could not be started")
            await _until_logged(caplog, "starting it again")
            assert _open_descriptors() <= descriptors
            (tmp_path / "away").rename(program)
            assert await asyncio.to_thread(_status, supervisor, installation, "/a") == 200

    asyncio.run(run())


def test_a_gateway_that_cannot_start_a_worker_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))

    async def run() -> None:
        async with _running(_installation(("/a", GOOD))):
            pass

    with pytest.raises(WorkerFailed, match="could not be started"):
        asyncio.run(run())


def test_a_restarted_worker_never_begins_with_what_was_refused() -> None:
    good, bad = _installation(("/a", GOOD)), _installation(("/a", GOOD), ("/b", BAD))

    async def run() -> None:
        async with _running(good) as supervisor:
            with pytest.raises(WorkerFailed, match="No integration"):
                await supervisor.swap(bad)
            (worker,) = _workers()
            os.kill(worker, signal.SIGKILL)
            assert await asyncio.to_thread(_status, supervisor, good, "/a") == 200
            assert _workers() != [worker]
            more = _installation(("/a", GOOD), ("/b", GOOD))
            await supervisor.swap(more)
            assert await asyncio.to_thread(_status, supervisor, more, "/b") == 200

    asyncio.run(run())


def test_what_one_worker_refuses_is_served_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, program = tmp_path / "stub.py", tmp_path / "python"
    stub.write_text(textwrap.dedent(STUB))
    real = sys.executable
    _program(
        program, f'mkdir {tmp_path}/first 2>/dev/null && exec {real} "$@"\nexec {real} {stub} "$@"'
    )
    monkeypatch.setattr(sys, "executable", str(program))

    async def run() -> None:
        async with _running(_installation(("/a", GOOD)), workers=2) as supervisor:
            with pytest.raises(WorkerFailed, match="a refusal of mine"):
                await supervisor.swap(_installation(("/a", GOOD), ("/b", GOOD)))
            assert [worker.version for worker in supervisor._workers] == [0, 0]

    asyncio.run(run())
