"""A gateway worker with a tiny snapshot, run as a process of its own by the tests beside it.

argv[1] is JSON: backend_port, tls_backend_port, tls_backend_ca, dead_port, limits, certificate,
key. Prints the port it listens on; SIGTERM drains.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import uvloop

from bargate.access.arrival import DIRECT, Arrival
from bargate.access.key_directory import KeySource
from bargate.access.verdict import Denial, Need
from bargate.gateway.limits import Limits
from bargate.gateway.server import Server
from bargate.gateway.tls import server_context
from bargate.mapping.plan import Origin, Response, UpstreamRequest
from bargate.snapshot.compiled import CompiledStage, Endpoint, Unresolved

if TYPE_CHECKING:
    from bargate.access.call import Call, Facts
    from bargate.mapping.plan import Headers

JSON = (b"Content-Type", b"application/json")
NOT_FORWARDED = {b"host", b"content-length", b"expect"}
IDEMPOTENT = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}


@dataclass
class Forward:
    """Passes everything through."""

    origin: Origin
    streams: bool = True
    timeout_s: float = 5.0
    host: bytes = b"backend"

    def request(self, call: Call, facts: Facts) -> UpstreamRequest:
        target = call.path + (f"?{call.query}" if call.query else "")
        lines = [f"{call.method} {target} HTTP/1.1\r\n".encode(), b"Host: %b\r\n" % self.host]
        for name, value in call.headers:
            if name.lower() not in NOT_FORWARDED:
                lines.append(b"%b: %b\r\n" % (name, value))
        if call.body or call.method in {"POST", "PUT", "PATCH"}:
            lines.append(b"Content-Length: %d\r\n" % len(call.body))
        lines.append(b"\r\n")
        retryable = call.method in IDEMPOTENT
        return UpstreamRequest(
            self.origin, b"".join(lines), call.body, call.method.encode(), retryable, self.timeout_s
        )

    def head(self, call: Call, facts: Facts, status: int, headers: Headers) -> tuple[int, Headers]:
        return status, headers

    def response(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> Response:
        return Response(status, headers, body)


@dataclass
class Mapped(Forward):
    """Says another status than the backend."""

    status: int = 204

    def head(self, call: Call, facts: Facts, status: int, headers: Headers) -> tuple[int, Headers]:
        return self.status, headers


class Mock:
    def respond(self, call: Call, facts: Facts) -> Response:
        return Response(200, [JSON], b'{"mock":true,"body":%d}' % len(call.body))


class BigMock:
    def respond(self, call: Call, facts: Facts) -> Response:
        return Response(200, [JSON], b"x" * 8_000_000)


class SplitMock:
    """Puts client data into a header field, unchecked: the gateway must not send it."""

    def respond(self, call: Call, facts: Facts) -> Response:
        evil = call.query.replace("%0d", "\r").replace("%0a", "\n").encode()
        return Response(200, [JSON, (b"X-Query", evil)], b"")


@dataclass
class Stats:
    server: list[Server]
    seen: list[dict[str, Any]]

    def respond(self, call: Call, facts: Facts) -> Response:
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        stats = {
            "rss_bytes": resident * os.sysconf("SC_PAGESIZE"),
            "held_bytes": self.server[0].held_bytes,
            "connections": self.server[0].connection_count,
            "calls": self.seen,
        }
        return Response(200, [JSON], json.dumps(stats).encode())


@dataclass
class Observer:
    seen: list[dict[str, Any]]

    def call_done(self, record: Any) -> None:
        if record.call.path == "/stats":
            return
        self.seen.append(
            {
                "path": record.call.path,
                "status": record.status,
                "reason": record.denial and record.denial.reason,
                "bytes": record.response_bytes,
                "integration_status": record.integration_status,
                "latency_s": record.latency_s,
            }
        )

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        self.seen.append({"path": None, "status": status, "reason": reason})


class QuietObserver:
    def call_done(self, record: Any) -> None:
        pass

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        pass


class Refuser:
    def render(self, call: Call, facts: Any, endpoint: Any, denial: Denial) -> Response:
        message = json.dumps({"message": denial.message or denial.response_type})
        return Response(denial.status or 403, [JSON], message.encode())


class Keys:
    def __init__(self) -> None:
        self.known: set[str] = set()

    async def fetch(self, source: KeySource) -> None:
        await asyncio.sleep(0.01)
        if source.issuer == "broken":
            raise RuntimeError("fetching broke")
        if source.issuer != "never":
            self.known.add(source.issuer)


def denies(call: Call, facts: Facts) -> Denial:
    return Denial(response_type="UNAUTHORIZED", reason="test.denied", detail="", status=401)


def denies_body(call: Call, facts: Facts) -> Denial | None:
    if b"bad" in call.body:
        return Denial(response_type="BAD_REQUEST_BODY", reason="test.body", detail="", status=400)
    return None


def breaks(call: Call, facts: Facts) -> None:
    raise RuntimeError("a secret in a bug")


@dataclass
class Router:
    endpoints: dict[str, Endpoint]

    def match(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]] | None:
        endpoint = self.endpoints.get(path.split("/")[1])
        return None if endpoint is None else (endpoint, {})


@dataclass
class Snapshot:
    rest: CompiledStage
    http: CompiledStage

    def domain_of(self, host: bytes | None, path: str) -> None:
        return None

    def resolve(
        self, host: bytes | None, path: str, arrival: Arrival = DIRECT
    ) -> tuple[CompiledStage, str] | Unresolved:
        if host == b"unknown.test":
            denial = Denial(response_type="ACCESS_DENIED", reason="api.unknown", detail="")
            return Unresolved(denial, Response(403, [JSON], b'{"message":"Forbidden"}'))
        if path.startswith("/_http/"):
            return self.http, path[6:]
        return self.rest, path


def needs(keys: Keys, issuer: str) -> Any:
    def step(call: Call, facts: Facts) -> Need | None:
        return None if issuer in keys.known else Need(KeySource(issuer))

    return step


def endpoints(config: dict[str, Any], keys: Keys, stats: Stats) -> dict[str, Endpoint]:
    backend = Origin("http", "127.0.0.1", config["backend_port"])
    dead = Origin("http", "127.0.0.1", config.get("dead_port", 1))
    nowhere = Origin("http", "no-such-host.invalid", 80)
    tls_port = config.get("tls_backend_port", 1)
    table: dict[str, tuple[Any, tuple[Any, ...], tuple[Any, ...]]] = {
        "open": (Forward(backend), (), ()),
        "": (Forward(backend), (), ()),
        "buffered": (Forward(backend, streams=False), (), ()),
        "named": (Forward(Origin("http", "localhost", config["backend_port"])), (), ()),
        "short": (Forward(backend, timeout_s=0.3), (), ()),
        "shortbuffered": (Forward(backend, streams=False, timeout_s=0.3), (), ()),
        "nocontent": (Mapped(backend), (), ()),
        "badstatus": (Mapped(backend, status=99), (), ()),
        "dead": (Forward(dead), (), ()),
        "nowhere": (Forward(nowhere), (), ()),
        "tls": (Forward(Origin("https", "localhost", tls_port)), (), ()),
        "tlswrongname": (
            Forward(Origin("https", "localhost", tls_port, server_name="other.test")),
            (),
            (),
        ),
        "tlsunverified": (
            Forward(Origin("https", "127.0.0.1", tls_port, verify=False, server_name="x.test")),
            (),
            (),
        ),
        "plaintotls": (Forward(Origin("https", "localhost", config["backend_port"])), (), ()),
        "mock": (Mock(), (), ()),
        "bigmock": (BigMock(), (), ()),
        "split": (SplitMock(), (), ()),
        "stats": (stats, (), ()),
        "denied": (Forward(backend), (denies,), ()),
        "checked": (Forward(backend), (), (denies_body,)),
        "boom": (Forward(backend), (breaks,), ()),
        "keys": (Forward(backend), (needs(keys, "good"),), ()),
        "tailkeys": (Forward(backend), (), (needs(keys, "tail"),)),
        "neverkeys": (Forward(backend), (needs(keys, "never"),), ()),
        "brokenkeys": (Forward(backend), (needs(keys, "broken"),), ()),
    }
    return {
        name: Endpoint(
            resource_id="id",
            resource_path=f"/{name}",
            http_method="ANY",
            route_key=f"ANY /{name}",
            integration="HTTP_PROXY",
            controls=(),
            head=head,
            tail=tail,
            plan=plan,
            ask=plan.request if isinstance(plan, Forward) else plan.respond,
        )
        for name, (plan, head, tail) in table.items()
    }


def snapshot(config: dict[str, Any], keys: Keys, stats: Stats) -> Snapshot:
    router: Any = Router(endpoints(config, keys, stats))
    rest = CompiledStage("REST", "api", "API", "prod", router, Refuser(), None, disabled=False)
    http = CompiledStage("HTTP", "api2", "API", "$default", router, Refuser(), None, disabled=False)
    return Snapshot(rest, http)


async def main(config: dict[str, Any]) -> None:
    keys, seen, servers = Keys(), [], []
    limits = msgspec.convert(config.get("limits", {}), Limits)
    authority = None
    if config.get("tls_backend_ca"):
        authority = ssl.create_default_context(cafile=config["tls_backend_ca"])
    observer = QuietObserver() if config.get("quiet") else Observer(seen)
    served: Any = snapshot(config, keys, Stats(servers, seen))
    server = Server(served, keys, observer, limits, upstream_tls=authority)
    servers.append(server)
    listening = socket.create_server(("127.0.0.1", config.get("port", 0)), backlog=1024)
    tls = None
    if config.get("certificate"):
        tls = server_context(config["certificate"], config["key"])
    await server.start([listening], tls)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(listening.getsockname()[1], flush=True)
    await stop.wait()
    await server.drain(config.get("drain_s", 5.0))


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1])))
