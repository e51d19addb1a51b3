"""Requests to backends that an operation waits for, made with the gateway's own connections.

UpstreamRequest ──► Pools (as in a worker) ──► _Waiting ──► BackendAnswer | BackendFailed
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from bargate.gateway.limits import Limits
from bargate.gateway.upstream.client_certificates import ClientCertificates
from bargate.gateway.upstream.connector import Connector
from bargate.gateway.upstream.pools import Pools
from bargate.gateway.upstream.resolver import Resolver
from bargate.services.environment import BackendAnswer, BackendFailed

if TYPE_CHECKING:
    from bargate.gateway.upstream.backend import Backend
    from bargate.gateway.upstream.sink import Failure
    from bargate.mapping.plan import Headers, UpstreamRequest

MAX_BODY_BYTES = 10 * 1024 * 1024


class Backends:
    """Connections to backends, opened at the first request.

    `certificates` are those that origins which name one are shown.
    """

    def __init__(self) -> None:
        self.certificates = ClientCertificates()
        self._pools: Pools | None = None

    async def __call__(self, request: UpstreamRequest) -> BackendAnswer:
        """Give the answer, its body whole; raises BackendFailed."""
        pools = self._pools or self._open()
        pools.sweep()
        waiting = _Waiting(asyncio.get_running_loop())
        pools.send(request, waiting)
        try:
            async with asyncio.timeout(request.timeout_s):
                try:
                    return await waiting.answer
                except _Stale:
                    pools.send_again(request, waiting.again())
                    return await waiting.answer
        except TimeoutError as error:
            pools.cancel(request, waiting)
            if waiting.backend is not None:
                waiting.backend.abandon()
            message = f"no answer within {request.timeout_s:g} s"
            raise BackendFailed(message, is_timeout=True) from error

    def _open(self) -> Pools:
        limits, clock = Limits(), asyncio.get_running_loop().time
        connector = Connector(
            Resolver(limits.dns_ttl_s, clock),
            limits.upstream_connect_s,
            ssl.create_default_context(),
            self.certificates,
        )
        self._pools = Pools(connector, limits, clock)
        return self._pools

    def close(self) -> None:
        """Let go of the connections."""
        if self._pools is not None:
            self._pools.close()


class _Stale(Exception):
    """A reused connection turned out to be closed before a byte was answered."""


class _Waiting:
    """The sink of one request: collects the response, as far as a response may be long."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.backend: Backend | None = None
        self._loop = loop
        self.answer: asyncio.Future[BackendAnswer] = loop.create_future()
        self._status = 0
        self._headers: Headers = []
        self._body = bytearray()

    def again(self) -> _Waiting:
        """Wait once more."""
        self.answer = self._loop.create_future()
        return self

    def responded(
        self,
        status: int,
        headers: Headers,
        length: int | None,  # noqa: ARG002  the sink's signature
        body: bytes,
        *,
        ended: bool,
    ) -> None:
        """Take the head."""
        self._status, self._headers = status, headers
        self.data(body)
        if ended:
            self.ended()

    def data(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body += body
        if len(self._body) > MAX_BODY_BYTES and self.backend is not None:
            self.backend.abandon()
            self.failed("malformed", f"the response is longer than {MAX_BODY_BYTES} bytes")

    def ended(self) -> None:
        """Hand the answer over."""
        if not self.answer.done():
            self.answer.set_result(BackendAnswer(self._status, self._headers, bytes(self._body)))

    def failed(self, failure: Failure, detail: str) -> None:
        """Hand over that there is none."""
        if not self.answer.done():
            self.answer.set_exception(BackendFailed(f"{failure}: {detail}"))

    def stale(self) -> None:
        """Say that the request may be sent again."""
        if not self.answer.done():
            self.answer.set_exception(_Stale())
