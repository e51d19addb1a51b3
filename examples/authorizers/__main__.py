"""`python -m examples.authorizers`: all authorizers behind one gateway, until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from rich.console import Console

from examples.authorizers import slapd
from examples.authorizers.calls import Try, calls, ldap_calls, line
from examples.authorizers.functions import Prepared, prepare
from examples.authorizers.gateway import Started, start
from examples.authorizers.slapd import Slapd
from examples.petstore import web
from examples.petstore.gateway import GatewayError, follow, stop
from examples.petstore.issuer import JWT_AUDIENCE, Issuer
from examples.petstore.web import Answer, Asked

_USUAL_PORT = 8080
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_TOLD = ("x-user", "x-groups", "x-scope")


def main() -> int:
    """Run the demo; give 0 when it was stopped, 1 when it could not go on."""
    parser = argparse.ArgumentParser(prog="python -m examples.authorizers", description=__doc__)
    parser.add_argument("--port", type=int, help=f"of the gateway; 0: any ({_USUAL_PORT} if free)")
    port = parser.parse_args().port
    if port is None:
        port = _USUAL_PORT if web.is_free(_USUAL_PORT) else 0
    console = Console(soft_wrap=True, highlight=False)
    try:
        with tempfile.TemporaryDirectory(prefix="authorizers-") as work, _directory(work) as found:
            return asyncio.run(_run(port, Path(work), found, console))
    except GatewayError as error:
        console.print(f"authorizers: {error}", markup=False)
        return 1


@contextmanager
def _directory(work: str) -> Iterator[Slapd | None]:
    """Run a directory, if slapd is installed."""
    if slapd.find() is None:
        yield None
        return
    folder = Path(work) / "slapd"
    folder.mkdir()
    started = slapd.start(folder, web.free_port(), web.free_port())
    try:
        yield started
    finally:
        started.stop()


async def _run(port: int, work: Path, directory: Slapd | None, console: Console) -> int:
    """Serve until a signal comes; raise `GatewayError` when the gateway ends by itself."""
    serving = asyncio.ensure_future(_serve(port, work, directory, console))
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving
    console.print("authorizers: stopped")
    return 0


async def _serve(port: int, work: Path, directory: Slapd | None, console: Console) -> None:
    async with _served(port, work, directory) as (started, made, issuer):
        rest, http = started.rest, started.http
        tries = calls(rest, http, made, issuer.jwt("pets/read"))
        tries += ldap_calls(rest) if directory is not None else ()
        _show(tries, console)
        if directory is None:
            console.print(
                "`ldap` is left out: slapd is not installed (apt install slapd ldap-utils)"
            )
        console.print("authorizers: ready; Ctrl-C stops everything. The gateway's log:")
        await follow(started.process, calls_left_out=0)
        raise GatewayError(f"the gateway ended with status {await started.process.wait()}")


@asynccontextmanager
async def _served(
    port: int, work: Path, directory: Slapd | None
) -> AsyncIterator[tuple[Started, Prepared, Issuer]]:
    """Run a backend, an OpenID Connect provider and the gateway with its functions."""
    issuer_port = web.free_port()
    issuer = Issuer(f"http://127.0.0.1:{issuer_port}")
    backend = await web.serve(_who)
    keys = await web.serve(issuer.answer, issuer_port)
    made = prepare(work, issuer.url, JWT_AUDIENCE, directory)
    started = await start(f"127.0.0.1:{port}", web.port_of(backend), made.functions)
    try:
        yield started, made, issuer
    finally:
        await stop(started.process)
        backend.close()
        keys.close()


def _who(asked: Asked) -> Answer:
    """Answer, as the backend, what the gateway says about the caller."""
    return 200, {name: asked.headers[name] for name in _TOLD if name in asked.headers}


def _show(tries: tuple[Try, ...], console: Console) -> None:
    for each in tries:
        style = "green" if each.status == 200 else "red"
        console.print(f"[bold]{each.authorizer}[/]  [{style}]{each.status}[/]  {each.why}")
        console.print(f"  {line(each.arguments)}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
