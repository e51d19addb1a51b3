"""What all connections of one worker share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bargate.gateway.arrivals import Arrivals
from bargate.gateway.budget import MemoryBudget
from bargate.gateway.clock import HttpClock
from bargate.gateway.deadlines import DeadlineQueue, Deadlines
from bargate.gateway.dispatch import Dispatcher
from bargate.gateway.ids import RequestIds

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.connection import ClientConnection
    from bargate.gateway.exchange import Exchange
    from bargate.gateway.limits import Limits
    from bargate.gateway.needs import Needs
    from bargate.gateway.serving import Observer, Snapshot
    from bargate.gateway.upstream.pools import Pools
    from bargate.model.invocation import FunctionInvoker


class WorkerContext:
    """The parts of one worker; built by `Server`, and the same for its whole life."""

    __slots__ = (
        "arrivals",
        "body",
        "budget",
        "clock",
        "connections",
        "deadlines",
        "dispatcher",
        "emptied",
        "functions",
        "header",
        "ids",
        "keep_alive",
        "limits",
        "linger",
        "loop",
        "needs",
        "observer",
        "pools",
        "stream_idle",
        "tasks",
        "timeouts",
        "write_stall",
    )

    header: DeadlineQueue[ClientConnection]
    body: DeadlineQueue[ClientConnection]
    keep_alive: DeadlineQueue[ClientConnection]
    linger: DeadlineQueue[ClientConnection]
    write_stall: DeadlineQueue[ClientConnection]
    stream_idle: DeadlineQueue[Exchange]
    pools: Pools

    def __init__(  # noqa: PLR0913  the parts of a worker, joined by `Server`
        self,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        snapshot: Snapshot,
        needs: Needs,
        observer: Observer,
        now: float,
        *,
        functions: FunctionInvoker | None = None,
    ) -> None:
        self.loop = loop
        self.limits = limits
        self.needs = needs
        self.observer = observer
        self.functions = functions
        self.arrivals = Arrivals()
        self.clock = HttpClock(now)
        self.ids = RequestIds()
        self.budget = MemoryBudget(limits.memory_bytes)
        self.dispatcher = Dispatcher(snapshot, limits.body_max_bytes)
        self.deadlines = Deadlines(loop.time)
        self.timeouts: dict[float, DeadlineQueue[Exchange]] = {}
        self.connections: set[ClientConnection] = set()
        self.emptied = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    def timeout(
        self, timeout_s: float, expire: Callable[[Exchange], None]
    ) -> DeadlineQueue[Exchange]:
        """Give the queue of exchanges that may take `timeout_s`: one per configured time-out."""
        queue = self.timeouts.get(timeout_s)
        if queue is None:
            queue = self.timeouts[timeout_s] = self.deadlines.queue(timeout_s, expire)
        return queue
