"""A call that ends in the middle of its body leaves nothing behind, not even while it lingers."""

from __future__ import annotations

import asyncio

import pytest

from bargate.gateway.connection import ClientConnection
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.limits import Limits
from bargate.gateway.metrics import Counters
from bargate.gateway.observer import Observer
from bargate.gateway.recent import RecentCalls
from bargate.gateway.server import Server
from building import method, rest_api, snapshot
from transport import Transport


@pytest.mark.parametrize(
    ("framing", "body", "status"),
    [
        (b"Transfer-Encoding: chunked", b"40\r\n%b\r\n" % (b"x" * 64) * 3, b"413"),
        (b"Transfer-Encoding: chunked", b"40\r\n%b\r\nnonsense\r\n" % (b"x" * 64), b"400"),
    ],
)
def test_nothing_is_held_after_the_refusal(framing: bytes, body: bytes, status: bytes) -> None:
    async def run() -> None:
        keys = HttpKeyDirectory(fetch)
        served = snapshot(rest_api(("/pets", method("POST"))))
        limits = Limits(body_max_bytes=100)
        server = Server(served, keys, Observer(RecentCalls(), None, Counters()), limits)
        context, transport = server._context, Transport()
        connection = ClientConnection(context)
        connection.connection_made(transport)
        head = b"POST /_api/petstore/prod/pets HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n" % framing
        connection.data_received(head)
        connection.data_received(body)
        assert transport.written.startswith(b"HTTP/1.1 " + status)
        assert connection._body is None
        assert connection._chunked is None
        assert connection not in context.body
        assert server.held_bytes == 0

    asyncio.run(run())
