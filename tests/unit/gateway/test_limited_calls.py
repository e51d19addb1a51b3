"""Calls through a server whose step takes a limit: those that wait for the ledger, too."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct, structs

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial, Need
from bargate.gateway.asking import Asking
from bargate.gateway.connection import ClientConnection
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.ledger_desk import LedgerDesk
from bargate.gateway.limits import Limits
from bargate.gateway.metrics import Counters
from bargate.gateway.observer import Observer
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from bargate.ledger.counters import Bucket, Lacking, Taken
from building import method, rest_api, snapshot
from transport import Transport

BUCKET = Bucket("b", 0.001, 10)
_THROTTLED = Denial(response_type="THROTTLED", reason="test", detail="throttled")
_UNCOUNTED = Denial(response_type="THROTTLED", reason="test", detail="uncounted", status=503)
GET = b"GET /_api/petstore/prod/pets HTTP/1.1\r\nHost: a\r\n\r\n"


def limited(call: Call, facts: Facts) -> Denial | Need | None:
    counted = facts.counters.take((BUCKET,), call.received_at)
    if isinstance(counted, Lacking):
        return Need(counted)
    if isinstance(counted, Taken):
        return None
    return _THROTTLED if "Spent" in type(counted).__name__ else _UNCOUNTED


class Limited:
    """A snapshot whose endpoints have one step more."""

    def __init__(self) -> None:
        self._served = snapshot(rest_api(("/pets", method())))

    def domain_of(self, host: bytes | None, path: str) -> None:
        return None

    def resolve(self, *arguments: Any) -> Any:
        stage, path = self._served.resolve(*arguments)  # type: ignore[misc]
        endpoint, parameters = stage.router.match("GET", path)  # type: ignore[union-attr]
        limited_one = structs.replace(endpoint, head=(limited,))
        router: Any = Match((limited_one, parameters))
        return structs.replace(stage, router=router), path


class Match(Struct):
    """A router that knows one answer."""

    answer: tuple[Any, ...]

    def match(self, *_: Any) -> tuple[Any, ...]:
        return self.answer


def served(ledger: Asking | None) -> Server:
    keys = HttpKeyDirectory(fetch)
    observer = Observer(RecentCalls(), None, Counters())
    limits: Any = Limited()
    return Server(limits, keys, observer, Limits(), ledger=ledger)


async def statuses(server: Server, count: int) -> list[bytes]:
    """Send calls on connections of their own, all before any is answered."""
    transports = []
    for _ in range(count):
        connection, transport = ClientConnection(server._context), Transport()
        connection.connection_made(transport)
        connection.data_received(GET)
        transports.append(transport)
    async with asyncio.timeout(5):
        while not all(transport.written for transport in transports):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return [transport.written[9:12] for transport in transports]


def test_calls_that_lack_a_lease_wait_for_it_and_none_passes_too_much() -> None:
    async def run() -> None:
        loop, desk = asyncio.get_running_loop(), LedgerDesk()
        asking = Asking(lambda message: loop.call_soon(desk.asked, 0, message))
        desk.worker_there(0, lambda message: loop.call_soon(asking.told, message))
        server = served(asking)
        answered = await statuses(server, 30)
        assert sorted(answered) == [b"200"] * 10 + [b"429"] * 20
        assert await statuses(server, 3) == [b"429"] * 3
        await asking.close()
        await desk.close()

    asyncio.run(run())


def test_calls_are_refused_while_the_ledger_is_silent() -> None:
    async def run() -> None:
        asking = Asking(lambda _: None)
        server = served(asking)
        begun = asyncio.get_running_loop().time()
        assert await statuses(server, 5) == [b"503"] * 5
        assert asyncio.get_running_loop().time() - begun < 1.2
        await asking.close()

    asyncio.run(run())


def test_calls_pass_while_it_is_silent_where_the_operator_says_so() -> None:
    async def run() -> None:
        asking = Asking(lambda _: None, "allow")
        server = served(asking)
        assert await statuses(server, 30) == [b"200"] * 30
        assert asking.leases.counts().unleased == 30
        await asking.close()

    asyncio.run(run())


def test_limits_refuse_where_there_is_no_ledger() -> None:
    async def run() -> None:
        assert await statuses(served(None), 2) == [b"503"] * 2

    asyncio.run(run())
