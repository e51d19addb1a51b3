"""The gateway of the demo: `bargate serve` as a process of its own."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from examples.petstore.issuer import POOL_ARN, PORT, Issuer

HERE = Path(__file__).parent
REST_API, HTTP_API = HERE / "openapi.yaml", HERE / "http-api.yaml"

_READY = "bargate: gateway listening on "
_API = "bargate: API "
_APIS = {"Petstore", "Petshop"}
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 1.5


class GatewayError(RuntimeError):
    """The gateway did not start."""


class Started(Struct, frozen=True):
    """A gateway that serves; `addresses` maps an API's title to its address."""

    process: Process
    addresses: dict[str, str]


async def start(listen: str, backend_port: int, issuer: Issuer, work: Path) -> Started:
    """Start the gateway and wait until it announces itself and both APIs.

    It gets its own session, so that Ctrl-C reaches the demo alone, which then stops it.
    """
    documents = (str(REST_API), str(http_api(issuer, work)))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bargate", "serve", *documents),
        *("--listen", listen, "--api-listen", "off", "--drain", "1"),
        *("--stage-variable", f"backend=127.0.0.1:{backend_port}"),
        *("--issuer", f"{POOL_ARN}={issuer.pool_url}"),
        stdout=PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            return Started(process, await _announced(process))
    except BaseException as error:
        await stop(process)
        if isinstance(error, TimeoutError):
            raise GatewayError("the gateway did not announce itself in time") from error
        raise


def http_api(issuer: Issuer, work: Path) -> Path:
    """Give the HTTP API's document; a copy where the issuer could not have its usual port."""
    usual = f"http://127.0.0.1:{PORT}"
    if issuer.url == usual:
        return HTTP_API
    copy = work / HTTP_API.name
    copy.write_text(HTTP_API.read_text().replace(usual, issuer.url))
    return copy


async def follow(process: Process, calls_left_out: int) -> None:
    """Pass on what the gateway says until it ends, without the log of its first calls."""
    while line := await _line(process):
        if calls_left_out and line.startswith("{"):
            calls_left_out -= 1
            continue
        sys.stdout.write(line)
        sys.stdout.flush()


async def stop(process: Process) -> None:
    """End the gateway, gently first."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _announced(process: Process) -> dict[str, str]:
    """Read standard output up to the last ready line; give the APIs' addresses."""
    addresses: dict[str, str] = {}
    listening = False
    while not listening or not addresses.keys() >= _APIS:
        line = await _line(process)
        if not line:
            raise GatewayError(f"the gateway ended with status {await process.wait()}")
        listening = listening or line.startswith(_READY)
        if line.startswith(_API):
            title, _, address = line.removeprefix(_API).strip().rpartition(" at ")
            addresses[title] = address
    return addresses


async def _line(process: Process) -> str:
    if process.stdout is None:
        return ""
    return (await process.stdout.readline()).decode(errors="replace")
