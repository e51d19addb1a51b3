"""The gateway of the demo: `bargate serve` with a `--function` for each authorizer."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from examples.authorizers.functions import Function
from examples.petstore.gateway import GatewayError, stop

HERE = Path(__file__).parent
REST_API, HTTP_API = HERE / "openapi.yaml", HERE / "http-api.yaml"

_API = "bargate: API "
_TITLES = {"Authorizers", "Authorizers over HTTP"}
_START_TIMEOUT_S = 15.0


class Started(Struct, frozen=True):
    """A gateway that serves, and where its two APIs are."""

    process: Process
    rest: str
    http: str


async def start(listen: str, backend_port: int, functions: tuple[Function, ...]) -> Started:
    """Start the gateway and wait until it announces both APIs.

    It gets its own session, so that Ctrl-C reaches the demo alone, which then stops it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bargate", "serve", str(REST_API), str(HTTP_API)),
        *("--listen", listen, "--api-listen", "off", "--drain", "1"),
        *("--stage-variable", f"backend=127.0.0.1:{backend_port}"),
        *options(functions),
        stdout=PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(_START_TIMEOUT_S):
            addresses = await _announced(process)
    except BaseException as error:
        await stop(process)
        if isinstance(error, TimeoutError):
            raise GatewayError("the gateway did not announce itself in time") from error
        raise
    return Started(process, addresses["Authorizers"], addresses["Authorizers over HTTP"])


def options(functions: tuple[Function, ...]) -> Iterator[str]:
    """Give what `bargate serve` must be told to run functions."""
    for each in functions:
        yield from ("--function", f"{each.name}={each.folder}:{each.handler}")
        yield from ("--function-timeout", f"{each.name}={each.timeout_s}")
        for variable, value in each.environment.items():
            yield from ("--function-env", f"{each.name}:{variable}={value}")


async def _announced(process: Process) -> dict[str, str]:
    """Read standard output until both APIs are named; give their addresses."""
    addresses: dict[str, str] = {}
    while not addresses.keys() >= _TITLES and process.stdout is not None:
        line = (await process.stdout.readline()).decode(errors="replace")
        if not line:
            raise GatewayError(f"the gateway ended with status {await process.wait()}")
        if line.startswith(_API):
            title, _, address = line.removeprefix(_API).strip().rpartition(" at ")
            addresses[title] = address
    return addresses
