"""One proxied call without any network: a client's bytes in, the backend's answer back.

    wire bytes ──► ClientConnection ──► … ──► Backend ──► answer bytes ──► … ──► client's transport

The objects are a worker's own; only the transports are not. 32 calls are in flight at a time, as
under load. `python -m bench.micro_proxy` prints microseconds and function calls of one call;
`--profile NAME` says where they go.
"""

from __future__ import annotations

import asyncio
import cProfile
import gc
import json
import pstats
import sys
import time
from typing import TYPE_CHECKING, Any

from bargate.documents import load
from bargate.gateway.connection import ClientConnection
from bargate.gateway.limits import Limits
from bargate.gateway.metrics import Counters
from bargate.gateway.observer import Observer
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from bargate.gateway.upstream.connector import Connector
from bargate.gateway.upstream.pools import Pools
from bargate.snapshot.compile import compile_snapshot
from bargate.source import Source
from bargate.tokens.jwk import parse_key_set
from bench import documents
from bench.bargate_peer import _BASE, _HTTP_API_BASE
from bench.micro import FixedKeys
from bench.testbed import WORK, jwks, new_key, new_token

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.upstream.backend import Backend
    from bargate.mapping.plan import Origin

_ISSUER = "https://issuer.example.com"
_PORT = 9
_IN_FLIGHT = 32
_ROUNDS, _REPEATS = 20, 120
_BODY = b'{"id":1,"name":"Rex","status":"available","age_y":4}  '
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 22 Nov 2026 23:30:24 GMT\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: keep-alive\r\n\r\n%b"
) % (len(_BODY), _BODY)


class _Transport(asyncio.Transport):
    """Counts what is written; reads nothing by itself."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1)})
        self.last = b""

    def write(self, data: Any) -> None:
        self.last = data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


class _Connector(Connector):
    """Gives backend connections that lead nowhere."""

    def __init__(self) -> None:
        self.backends: list[Backend] = []

    async def connect(self, origin: Origin, new: Callable[[], Backend]) -> Backend:  # noqa: ARG002 - the connector's
        backend = new()
        backend.connection_made(_Transport())
        self.backends.append(backend)
        return backend


class Rig:
    """A worker's data plane between transports of the bench; made inside a running loop."""

    def __init__(self, document: documents.Document, requests: list[bytes], key: Any) -> None:
        WORK.mkdir(exist_ok=True)
        path = documents.write(document, WORK / "micro-proxy.json")
        keys: Any = FixedKeys(parse_key_set(jwks(key).encode()))
        source = Source(files=(str(path),), account_id="0" * 12, region="us-east-1")
        snapshot = compile_snapshot(load(source, keys).installation, keys)
        observer = Observer(RecentCalls(), None, Counters())
        server = Server(snapshot, keys, observer, Limits())
        context = server._context  # noqa: SLF001 - its parts, without its sockets
        self._connector = _Connector()
        context.pools = Pools(self._connector, context.limits, context.loop.time)
        self._clients = [ClientConnection(context) for _ in range(_IN_FLIGHT)]
        self._transports = [_Transport() for _ in self._clients]
        for client, transport in zip(self._clients, self._transports, strict=True):
            client.connection_made(transport)
        self._requests = requests
        self._at = 0

    async def warm(self) -> None:
        """Open the backend connections, and see that calls are answered."""
        self._ask()
        await asyncio.sleep(0.01)
        self._answer()
        self.round()
        for transport in self._transports:
            if not transport.last.startswith(b"HTTP/1.1 200"):
                raise AssertionError(transport.last)

    def round(self) -> None:
        """Put 32 calls through."""
        self._ask()
        self._answer()

    def _ask(self) -> None:
        at, requests = self._at, self._requests
        for client in self._clients:
            client.data_received(requests[at])
            at = (at + 1) % len(requests)
        self._at = at

    def _answer(self) -> None:
        for backend in self._connector.backends:
            backend.data_received(_ANSWER)


def _request(path: str, *lines: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: 127.0.0.1:8080", *lines, "", "")).encode()


def _signed(number: int) -> bytes:
    """Make a request as long as one signed by a session is."""
    return _request(
        f"{_BASE}/pets/1?visit={number}",
        "Accept: */*",
        "User-Agent: Boto3/1.34 md/Botocore#1.34 ua/2.0 os/linux#6.1 md/arch#x86_64",
        "X-Amz-Date: 20261122T233024Z",
        f"X-Amz-Security-Token: {'FwoGZXIvYXdzE' * 40}",
        "Authorization: AWS4-HMAC-SHA256 Credential=ASIABENCHBENCHBENCH1/20261122/us-east-1/"
        "execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, "
        f"Signature={number:064x}",
        "Accept-Encoding: gzip, deflate",
        f"X-Request: {number}",
    )


def scenarios(key: Any) -> dict[str, tuple[documents.Document, list[bytes]]]:
    """Give document and requests of each scenario."""
    token = new_token(key, _ISSUER)
    return {
        "open": (documents.open_route(_PORT), [_request(f"{_BASE}/pets/1")]),
        "browser": (documents.open_route(_PORT), [_request(f"{_BASE}/pets/1", *_BROWSER)]),
        "signed": (documents.open_route(_PORT), [_signed(number) for number in range(500)]),
        "jwt": (
            documents.jwt_with_scopes(_PORT, _ISSUER),
            [_request(f"{_HTTP_API_BASE}/pets/1", f"Authorization: Bearer {token}")],
        ),
        "policy": (
            documents.resource_policy(_PORT),
            [_request(f"{_BASE}/pets/1", "User-Agent: bench/1")],
        ),
        **{
            f"routes-{count}": (
                documents.routes(_PORT, count),
                [_request(_BASE + path) for path in documents.routes_asked(count)],
            )
            for count in (10, 1000)
        },
    }


_BROWSER = (
    "Connection: keep-alive",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Accept: application/json, text/plain, */*",
    "Accept-Encoding: gzip, deflate, br",
    "Accept-Language: en-US,en;q=0.9",
    "Origin: https://shop.example.com",
    "Referer: https://shop.example.com/",
    "Sec-Fetch-Mode: cors",
    "Cookie: session=0123456789abcdef0123456789abcdef",
)


async def _measure(name: str, profiled: bool) -> tuple[float, float]:  # noqa: FBT001 - of this file
    key = new_key()
    rig = Rig(*scenarios(key)[name], key)
    await rig.warm()
    for _ in range(_ROUNDS):
        rig.round()
    gc.collect()
    gc.freeze()
    best = min(_timed(rig) for _ in range(_REPEATS))
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(_ROUNDS):
        rig.round()
    profile.disable()
    stats = pstats.Stats(profile)
    if profiled:
        stats.sort_stats("tottime").print_stats(60)
    calls: int = stats.total_calls  # type: ignore[attr-defined]  # not in the stubs
    return best / (_ROUNDS * _IN_FLIGHT) * 1e6, calls / (_ROUNDS * _IN_FLIGHT)


def _timed(rig: Rig) -> float:
    started = time.process_time()
    for _ in range(_ROUNDS):
        rig.round()
    return time.process_time() - started


def main(names: list[str]) -> None:
    """Print what was measured."""
    profiled = "--profile" in names
    chosen = [name for name in names if not name.startswith("--")] or list(scenarios(new_key()))
    for name in chosen:
        us, calls = asyncio.run(_measure(name, profiled))
        print(json.dumps({"call": name, "us": round(us, 2), "function_calls": round(calls, 1)}))


if __name__ == "__main__":
    main(sys.argv[1:])
