"""A real supervisor and control process, and workers that hammer limits instead of serving."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from bargate.control.keeper import Keeper
from bargate.gateway.supervisor import Supervisor
from bargate.settings import ControlSettings, GatewaySettings
from e2e.ledger.hammer import Orders

HAMMER = Path(__file__).parent / "hammer.py"
ACCOUNT, REGION = "123456789012", "us-east-1"
WORKERS = 4


class Hammered:
    """What runs; `admitted` are the times of the calls that passed so far, of all workers."""

    def __init__(self, supervisor: Supervisor, keeper: Keeper, folder: Path) -> None:
        self.supervisor = supervisor
        self.keeper = keeper
        self._folder = folder

    def admitted(self) -> list[float]:
        written = b"".join(path.read_bytes() for path in self._folder.glob("*.times"))
        return sorted(at for (at,) in struct.iter_unpack("d", written))

    @property
    def worker_ids(self) -> list[int]:
        processes = [worker._process for worker in self.supervisor._workers]
        return [process.pid for process in processes if process and process.returncode is None]

    @property
    def control_id(self) -> int:
        assert self.keeper._process is not None
        return self.keeper._process.pid

    def client(self) -> Any:
        host, port = self.keeper.address
        return boto3.client(
            "apigateway",
            region_name=REGION,
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="x",
        )

    async def until(self, is_so: Any, timeout_s: float = 15.0) -> None:
        """Wait for what is only to be seen by looking."""
        async with asyncio.timeout(timeout_s):
            while not is_so():  # noqa: ASYNC110  files of other processes
                await asyncio.sleep(0.01)


def _commands(module: str, *descriptors: int) -> tuple[str, ...]:
    return (sys.executable, str(HAMMER), *map(str, descriptors))


@contextlib.asynccontextmanager
async def control(folder: Path) -> AsyncIterator[tuple[Supervisor, Keeper]]:
    """Run a control process, beside a supervisor whose workers are not started yet."""
    settings = GatewaySettings(port=0, workers=WORKERS, access_log="off")
    supervisor = Supervisor(settings, {})
    keeper = Keeper(
        ControlSettings(
            folder=str(folder / "data"), port=0, dev=True, account_id=ACCOUNT, region=REGION
        ),
        "http://127.0.0.1:1",
        supervisor,
    )
    await keeper.start()
    try:
        yield supervisor, keeper
    finally:
        await asyncio.gather(supervisor.stop(2.0), keeper.end())
        await supervisor.ledger.close()
        await keeper.stop()


@contextlib.asynccontextmanager
async def hammering(
    supervisor: Supervisor, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, orders: Orders
) -> AsyncIterator[Hammered]:
    """Let all workers take what `orders` name until the block ends."""
    folder = Path(orders.folder)
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240  nothing else runs yet
    monkeypatch.setattr("bargate.gateway.worker_process.command_of", _commands)
    monkeypatch.setenv("BARGATE_HAMMER", msgspec.json.encode(orders).decode())
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    await supervisor.start()
    yield Hammered(supervisor, keeper, folder)
