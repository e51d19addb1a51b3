"""Pools of backend connections: last in, first out, bounded, with a bounded waiting line."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from bargate.gateway.upstream.backend import Backend
from bargate.gateway.upstream.client_certificates import NotShowable

if TYPE_CHECKING:
    from bargate.gateway.limits import Limits
    from bargate.gateway.upstream.connector import Connector
    from bargate.gateway.upstream.pools import Pools
    from bargate.gateway.upstream.sink import Failure, Sink
    from bargate.mapping.plan import Origin, UpstreamRequest


class Pool:
    """The connections to one origin.

    INVARIANT: `_size` counts connections open or being opened, and never exceeds the limit;
    every waiting request has a connection that will serve or fail it.
    """

    __slots__ = (
        "_connecting",
        "_connector",
        "_idle",
        "_limits",
        "_open",
        "_origin",
        "_pools",
        "_tasks",
        "_waiting",
    )

    def __init__(self, origin: Origin, pools: Pools, connector: Connector, limits: Limits) -> None:
        self._origin = origin
        self._pools = pools
        self._connector = connector
        self._limits = limits
        self._idle: list[Backend] = []
        self._open: set[Backend] = set()
        self._waiting: OrderedDict[Sink, UpstreamRequest] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_empty(self) -> bool:
        """Say whether nothing would be lost with this pool."""
        return not (self._open or self._waiting or self._tasks)

    def send(self, request: UpstreamRequest, sink: Sink) -> None:
        """Send over a free connection, or line up for one; `sink` hears of the rest."""
        idle = self._idle
        while idle:
            backend = idle.pop()
            if backend.is_open:
                backend.send(request, sink)
                return
        if len(self._waiting) >= self._limits.upstream_waiting_max:
            sink.failed("overloaded", "too many requests wait for a connection to the backend")
            return
        self._waiting[sink] = request
        self._grow()

    def cancel(self, sink: Sink) -> None:
        """Take `sink` out of the line."""
        self._waiting.pop(sink, None)

    def release(self, backend: Backend) -> None:
        """Take back a connection whose response is complete."""
        now = self._pools.now()
        if backend.is_reused and now >= backend.expires_s:
            backend.abandon()
        elif self._waiting:
            sink, request = self._waiting.popitem(last=False)
            backend.send(request, sink)
        else:
            backend.idle_since_s = now
            self._idle.append(backend)

    def sweep(self, before: float) -> None:
        """Close connections that are free since `before`; the longest free ones come first."""
        for backend in tuple(self._idle):
            if backend.idle_since_s > before:
                return
            backend.abandon()

    def drop_idle(self) -> None:
        """Close all free connections: one was found stale, its neighbours are suspect."""
        for backend in self._idle:
            backend.abandon()
        self._idle.clear()

    def lost(self, backend: Backend) -> None:
        """Forget a closed connection."""
        self._open.discard(backend)
        if backend in self._idle:
            self._idle.remove(backend)
        self._grow()
        if self.is_empty:
            self._pools.forget(self._origin, self)

    def close(self) -> None:
        """Close every connection."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()
        for backend in list(self._open):
            backend.abandon()

    def _grow(self) -> None:
        """Open as many connections as wait for one, within the limit."""
        room = self._limits.upstream_connections_max - len(self._open) - len(self._tasks)
        for _ in range(min(room, len(self._waiting) - len(self._tasks))):
            task = asyncio.create_task(self._connect())
            self._tasks.add(task)
            task.add_done_callback(self._connected)

    async def _connect(self) -> None:
        try:
            backend = await self._connector.connect(self._origin, self._new_backend)
        except NotShowable as error:
            self._fail_first(str(error), "client_certificate")
            return
        except (OSError, ValueError) as error:  # ValueError: a host that is no domain name
            self._fail_first(str(error) or type(error).__name__)
            return
        if backend.is_open:
            self._open.add(backend)
            self.release(backend)
        else:
            self._fail_first("the backend closed the connection at once")

    def _connected(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()
            self._grow()
        if self.is_empty:
            self._pools.forget(self._origin, self)

    def _new_backend(self) -> Backend:
        expires_s = self._pools.now() + self._limits.upstream_max_age_s
        return Backend(self, self._limits, expires_s, self._pools.known_heads)

    def _fail_first(self, detail: str, failure: Failure = "unreachable") -> None:
        if self._waiting:
            sink, _ = self._waiting.popitem(last=False)
            sink.failed(failure, detail)
