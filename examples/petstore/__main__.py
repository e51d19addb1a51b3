"""`python -m examples.petstore`: everything at once, until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from rich.console import Console

from examples.petstore import gateway, tour, web
from examples.petstore.backend import HEADERS, Store
from examples.petstore.check import check_all
from examples.petstore.gateway import GatewayError, Started
from examples.petstore.issuer import PORT, Issuer

_USUAL_PORT = 8080
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the demo; give 0 when it was stopped, 1 when it could not go on."""
    parser = argparse.ArgumentParser(prog="python -m examples.petstore", description=__doc__)
    parser.add_argument("--port", type=int, help=f"of the gateway; 0: any ({_USUAL_PORT} if free)")
    asked = parser.parse_args().port
    console = Console()
    port = choose_port(asked)
    if asked is None and port == 0:
        console.print(f"petstore: port {_USUAL_PORT} is taken; using a free one")
    try:
        with tempfile.TemporaryDirectory(prefix="petstore-") as work:
            return asyncio.run(run(port, Path(work), console))
    except GatewayError as error:
        console.print(f"petstore: {error}")
        return 1


def choose_port(asked: int | None) -> int:
    """Give the port to listen on: the one asked for, else the usual one if free, else any (0)."""
    if asked is not None:
        return asked
    return _USUAL_PORT if web.is_free(_USUAL_PORT) else 0


async def run(port: int, work: Path, console: Console) -> int:
    """Serve until a signal comes; raise `GatewayError` when the gateway ends by itself."""
    serving = asyncio.ensure_future(_serve(port, work, console))
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
    console.print("petstore: stopped")
    return 0


async def _serve(port: int, work: Path, console: Console) -> None:
    """Start all three, show the tour, and pass the gateway's log on until it ends."""
    async with _served(port, work) as (started, issuer):
        values = tour.variables(started.addresses["Petstore"], started.addresses["Petshop"], issuer)
        tour.write_variables(values, work / "env")
        checked = await asyncio.to_thread(check_all, values)
        tour.show(checked, values, work / "env", console)
        console.print("petstore: ready; Ctrl-C stops everything. The gateway's log:")
        await gateway.follow(started.process, calls_left_out=2 * len(checked))
        raise GatewayError(f"the gateway ended with status {await started.process.wait()}")


@asynccontextmanager
async def _served(port: int, work: Path) -> AsyncIterator[tuple[Started, Issuer]]:
    issuer_port = PORT if web.is_free(PORT) else web.free_port()
    issuer = Issuer(f"http://127.0.0.1:{issuer_port}")
    backend = await web.serve(Store().answer, headers=HEADERS)
    keys = await web.serve(issuer.answer, issuer_port)
    started = await gateway.start(f"127.0.0.1:{port}", web.port_of(backend), issuer, work)
    try:
        yield started, issuer
    finally:
        await gateway.stop(started.process)
        backend.close()
        keys.close()


if __name__ == "__main__":
    sys.exit(main())
