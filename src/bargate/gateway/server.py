"""The data plane of one worker: listens, serves, sweeps deadlines, drains."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from functools import partial
from time import time
from typing import TYPE_CHECKING

from bargate.gateway.connection import ClientConnection
from bargate.gateway.context import WorkerContext
from bargate.gateway.doors import Doors
from bargate.gateway.exchange import Exchange
from bargate.gateway.needs import Needs
from bargate.gateway.tls_listener import TlsListener
from bargate.gateway.tls_names import TlsNames
from bargate.gateway.upstream.connector import Connector
from bargate.gateway.upstream.pools import Pools
from bargate.gateway.upstream.resolver import Resolver

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from bargate.gateway.arrivals import Door
    from bargate.gateway.asking import Asking
    from bargate.gateway.doors import Listener
    from bargate.gateway.limits import Limits
    from bargate.gateway.serving import KeyFetcher, Observer, Snapshot
    from bargate.gateway.upstream.client_certificates import ClientCertificates
    from bargate.model.invocation import FunctionInvoker

_BACKLOG = 1_024


class Server:
    """Serves a snapshot on sockets that are already bound.

    Must be made inside the running event loop. `upstream_tls` verifies backends; by default
    against the system's authorities. Without a `ledger` whatever is limited is refused;
    `certificates` are those that backends may be shown;
    without `functions` none can be invoked.
    """

    def __init__(  # noqa: PLR0913  the parts that serve together, joined by the worker
        self,
        snapshot: Snapshot,
        keys: KeyFetcher,
        observer: Observer,
        limits: Limits,
        *,
        upstream_tls: ssl.SSLContext | None = None,
        ledger: Asking | None = None,
        certificates: ClientCertificates | None = None,
        functions: FunctionInvoker | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        needs = Needs(keys, ledger, functions)
        self._context = _context(
            WorkerContext(
                self._loop, limits, snapshot, needs, observer, time(), functions=functions
            ),
            upstream_tls or ssl.create_default_context(),
            certificates,
        )
        if ledger is not None:
            self._context.dispatcher.counters = ledger.leases
        self._listeners: list[Listener] = []
        self._doors = Doors(self._context)
        self._sweeper: asyncio.TimerHandle | None = None

    @property
    def connection_count(self) -> int:
        """Count the client connections open now."""
        return len(self._context.connections)

    @property
    def held_bytes(self) -> int:
        """Count the bytes held now under the memory budget."""
        return self._context.budget.held_bytes

    def serve(self, snapshot: Snapshot) -> None:
        """Decide from now on by `snapshot`; calls under way keep the one they began with."""
        self._context.dispatcher.serve(snapshot)

    async def start(
        self, sockets: Sequence[socket.socket], tls: TlsNames | ssl.SSLContext | None = None
    ) -> None:
        """Accept connections on `sockets`, which are bound; TLS when `tls` is given."""
        names = TlsNames(tls) if isinstance(tls, ssl.SSLContext) else tls
        self._sweep()
        for listening in sockets:
            self._listeners.append(await self._listen(listening, names))
        if sockets:
            self._doors.begin(sockets[0], partial(self._listen, tls=names))

    async def listen_tls(self, listening: socket.socket, names: TlsNames) -> None:
        """Accept TLS connections on one more socket."""
        self._listeners.append(await self._listen(listening, names))

    async def open_doors(self, doors: Sequence[Door]) -> None:
        """Listen at the addresses of these VPC endpoints, and at those of no others."""
        await self._doors.open(doors)

    async def _listen(self, listening: socket.socket, tls: TlsNames | None) -> Listener:
        if tls is not None:
            listening.listen(_BACKLOG)
            return TlsListener(self._context, tls, listening)
        return await self._loop.create_server(
            lambda: ClientConnection(self._context), sock=listening, backlog=_BACKLOG
        )

    async def drain(self, deadline_s: float) -> None:
        """Stop accepting, finish calls under way within `deadline_s`, close everything."""
        for listener in self._listeners:
            listener.close()
        self._doors.close()
        context = self._context
        for connection in tuple(context.connections):
            connection.drain()
        if context.connections:
            context.emptied.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(context.emptied.wait(), deadline_s)
        for connection in tuple(context.connections):
            connection.abort()
        context.pools.close()
        for task in tuple(context.tasks):
            task.cancel()
        await asyncio.sleep(0)
        if self._sweeper is not None:
            self._sweeper.cancel()

    def _sweep(self) -> None:
        context = self._context
        context.clock.tick(time())
        context.deadlines.sweep()
        context.pools.sweep()
        self._sweeper = self._loop.call_later(self._limits.sweep_s, self._sweep)


def _context(
    context: WorkerContext,
    upstream_tls: ssl.SSLContext,
    certificates: ClientCertificates | None,
) -> WorkerContext:
    """Join the parts that know each other."""
    limits, deadlines, clock = context.limits, context.deadlines, context.loop.time
    connector = Connector(
        Resolver(limits.dns_ttl_s, clock), limits.upstream_connect_s, upstream_tls, certificates
    )
    context.pools = Pools(connector, limits, clock)
    context.header = deadlines.queue(limits.header_s, ClientConnection.header_timed_out)
    context.body = deadlines.queue(limits.body_progress_s, ClientConnection.body_timed_out)
    context.keep_alive = deadlines.queue(limits.keep_alive_s, ClientConnection.keep_alive_timed_out)
    context.linger = deadlines.queue(limits.linger_s, ClientConnection.abort)
    context.write_stall = deadlines.queue(limits.write_stall_s, ClientConnection.abort)
    context.stream_idle = deadlines.queue(limits.upstream_stream_idle_s, Exchange.timed_out)
    return context
