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
from types import NoneType

import pytest
from msgspec import structs

from bargate.gateway.metrics import Metrics
from bargate.gateway.supervisor import Supervisor
from bargate.gateway.worker_process import WorkerFailed
from bargate.model.installation import Installation
from bargate.model.rest_api import Method, RestApi
from bargate.settings import GatewaySettings
from bargate.snapshot.parts import Update, difference, state_of
from building import MOCK, OK, PLACE, rest_api, served_stages

GOOD = Method(http_method="GET", authorization_type="NONE", integration=MOCK, method_responses=OK)
BAD = structs.replace(GOOD, integration=None)
STUB = """
    import asyncio, socket, sys
    from bargate.frames import Channel
    from bargate.gateway.channel import Applied, Apply, Drain, Ready, worker_decoder

    async def main():
        ours = socket.socket(fileno=int(sys.argv[3]))
        channel = Channel(*await asyncio.open_connection(sock=ours), worker_decoder())
        await channel.receive()
        await channel.receive()
        await channel.send(Ready())
        while not isinstance(message := await channel.receive(), Drain | None):
            if isinstance(message, Apply):
                ANSWER

    asyncio.run(main())
"""


REFUSES = 'await channel.send(Applied(message.number, "a refusal of mine"))'


def _stub(path: Path, answer: str) -> Path:
    """Write a worker that serves nothing, and answers updates as told."""
    path.write_text(textwrap.dedent(STUB).replace("ANSWER", answer))
    return path


def _installation(*methods: tuple[str, Method]) -> Installation:
    api: RestApi = rest_api(*methods)
    return structs.replace(PLACE, served=served_stages(api))


def _whole(installation: Installation, version: int = 1) -> Update:
    return Update(version=version, whole=True, put={**state_of(installation)})


@contextlib.asynccontextmanager
async def _running(installation: Installation, workers: int = 1) -> AsyncIterator[Supervisor]:
    settings = GatewaySettings(port=0, workers=workers, access_log="off")
    supervisor = Supervisor(settings, state_of(installation), installation)
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
                await supervisor.apply(_whole(bad))
            (worker,) = _workers()
            os.kill(worker, signal.SIGKILL)
            assert await asyncio.to_thread(_status, supervisor, good, "/a") == 200
            assert _workers() != [worker]
            more = _installation(("/a", GOOD), ("/b", GOOD))
            await supervisor.apply(_whole(more))
            assert await asyncio.to_thread(_status, supervisor, more, "/b") == 200

    asyncio.run(run())


def test_what_one_worker_refuses_is_served_by_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, program = _stub(tmp_path / "stub.py", REFUSES), tmp_path / "python"
    real = sys.executable
    _program(
        program, f'mkdir {tmp_path}/first 2>/dev/null && exec {real} "$@"\nexec {real} {stub} "$@"'
    )
    monkeypatch.setattr(sys, "executable", str(program))

    async def run() -> None:
        async with _running(_installation(("/a", GOOD)), workers=2) as supervisor:
            with pytest.raises(WorkerFailed, match="a refusal of mine"):
                await supervisor.apply(_whole(_installation(("/a", GOOD), ("/b", GOOD))))
            assert [worker.serves for worker in supervisor._workers] == [0, 0]

    asyncio.run(run())


def _put(version: int, *methods: tuple[str, Method], api_id: str = "petstore") -> Update:
    (stage,) = served_stages(structs.replace(rest_api(*methods), id=api_id))
    return Update(version=version, put={f"stage/{api_id}/prod": stage})


def test_updates_that_come_together_are_all_served_but_for_those_refused() -> None:
    good = _installation(("/a", GOOD))

    async def run() -> None:
        async with _running(good, workers=2) as supervisor:
            outcomes = await asyncio.gather(
                supervisor.apply(_put(1, ("/a", GOOD), api_id="one")),
                supervisor.apply(_put(2, ("/a", GOOD), api_id="two")),
                supervisor.apply(_put(3, ("/a", BAD), api_id="bad")),
                supervisor.apply(_put(4, ("/a", GOOD), api_id="four")),
                return_exceptions=True,
            )
            assert [type(each) for each in outcomes] == [NoneType, NoneType, WorkerFailed, NoneType]
            assert supervisor.version == 4
            for api_id, status in (("one", 200), ("two", 200), ("bad", 403), ("four", 200)):
                named = structs.replace(good, served=served_stages(rest_api(id=api_id)))
                assert await asyncio.to_thread(_status, supervisor, named, "/a") == status

    asyncio.run(run())


def test_a_change_of_one_method_is_served_at_once_and_a_stale_one_is_refused() -> None:
    old = _installation(*((f"/r{at}", GOOD) for at in range(50)))
    changed = _installation(*((f"/r{at}", GOOD) for at in range(51)))
    name, (before,), (after,) = "stage/petstore/prod", old.served, changed.served

    async def run() -> None:
        async with _running(old, workers=2) as supervisor:
            update = Update(version=1, put={name: difference(before, after)})
            await supervisor.apply(update)
            assert await asyncio.to_thread(_status, supervisor, changed, "/r50") == 200
            gone = Update(version=2, gone=(name,))
            await supervisor.apply(gone)
            assert await asyncio.to_thread(_status, supervisor, changed, "/r50") == 403
            with pytest.raises(WorkerFailed, match="not served"):
                await supervisor.apply(update)
            assert supervisor.version == 2

    asyncio.run(run())


def test_a_worker_killed_in_the_middle_of_updates_loses_none() -> None:
    good = _installation(("/a", GOOD))

    async def run() -> None:
        async with _running(good, workers=2) as supervisor:
            for at in range(1, 13):
                applying = asyncio.ensure_future(
                    supervisor.apply(_put(at, ("/a", GOOD), api_id=f"api{at}"))
                )
                if at % 4 == 0:
                    await asyncio.sleep(0.001 * (at - 4))
                    os.kill(_workers()[-1], signal.SIGKILL)
                await applying
            assert supervisor.version == 12
            for at in range(1, 13):
                named = structs.replace(good, served=served_stages(rest_api(id=f"api{at}")))
                for _ in range(4):  # either worker may answer
                    assert await asyncio.to_thread(_status, supervisor, named, "/a") == 200

    asyncio.run(run())


def test_an_update_that_no_frame_could_hold_comes_in_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bargate.gateway.supervisor.PIECE_BYTES", 2000)
    stages = {
        f"stage/api{at}/prod": served_stages(structs.replace(rest_api(("/a", GOOD)), id=f"api{at}"))
        for at in range(20)
    }
    put = {name: stage for name, (stage,) in stages.items()}

    async def run() -> None:
        async with _running(_installation(("/a", GOOD))) as supervisor:
            await supervisor.apply(Update(version=1, whole=True, put={**put}))
            for _ in range(2):
                last = structs.replace(PLACE, served=stages["stage/api19/prod"])
                assert await asyncio.to_thread(_status, supervisor, last, "/a") == 200
                os.kill(_workers()[0], signal.SIGKILL)  # the next one begins with pieces, too

    asyncio.run(run())


def test_counts_never_fall_when_workers_die() -> None:
    good = _installation(("/a", GOOD))

    async def run() -> None:
        async with _running(good) as supervisor:
            for _ in range(3):
                await asyncio.to_thread(_status, supervisor, good, "/a")
            assert _count(await supervisor.collect()) == 3
            (worker,) = _workers()
            os.kill(worker, signal.SIGKILL)
            assert await asyncio.to_thread(_status, supervisor, good, "/a") == 200
            assert _workers() != [worker]
            assert _count(await supervisor.collect()) == 4

    asyncio.run(run())


def _count(metrics: Metrics) -> int:
    return sum(each.count for each in metrics.calls if each.api_id == "petstore")


def test_an_update_that_ends_workers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, program = _stub(tmp_path / "stub.py", "sys.exit(1)"), tmp_path / "python"
    _program(program, f'exec {sys.executable} {stub} "$@"')
    monkeypatch.setattr(sys, "executable", str(program))

    async def run() -> None:
        async with _running(_installation(("/a", GOOD))) as supervisor:
            with pytest.raises(WorkerFailed, match="ended while it took"):
                await supervisor.apply(_put(1, ("/b", GOOD)))
            assert supervisor.version == 0

    asyncio.run(run())


def test_a_stop_does_not_wait_for_an_update(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub, program = _stub(tmp_path / "stub.py", "pass"), tmp_path / "python"
    _program(program, f'exec {sys.executable} {stub} "$@"')
    monkeypatch.setattr(sys, "executable", str(program))

    async def run() -> None:
        async with _running(_installation(("/a", GOOD))) as supervisor:
            applying = [
                asyncio.ensure_future(supervisor.apply(_put(at, ("/b", GOOD)))) for at in (1, 2)
            ]
            await asyncio.sleep(0.05)
            late = asyncio.ensure_future(supervisor.apply(_put(3, ("/b", GOOD))))
            await asyncio.sleep(0)
        for each in (*applying, late):
            with pytest.raises(WorkerFailed, match="stops"):
                await each

    asyncio.run(run())
