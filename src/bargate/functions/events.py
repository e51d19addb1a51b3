"""Asynchronous invocations: events wait here, and are tried again when they fail.

    add ──► queue of the function ──due──► begun ──► Outcome ──► gone
                       ▲                                │ Errored: after 1 min, then 2 min, no more
                       └────────────────────────────────┘ throttled, unavailable: 1 s doubled to 5 min

Nothing here is durable: what is queued is lost with the host, where AWS keeps it on disk. Each
attempt of an event has the same request id; no attempt begins once the event is older than its
function lets it be. (AWS [D] Lambda, "How Lambda handles errors and retries with asynchronous
invocation")

`EventQueue` says what is to be done, by times that it is given; `Events` does it.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from bargate.model.invocation import Errored, Permitted, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bargate.model.function import Function
    from bargate.model.invocation import Invocation, Outcome

ATTEMPT_WAIT_S = 60.0  # how long one attempt waits for a process; then it counts as throttled
_OVERHEAD_BYTES = 1024  # what an event takes besides its payload, at most
_LAST_DOUBLING = 16
# What goes away by itself; anything else that is refused will be refused again.
_PASSING = frozenset({"throttled", "timed_out", "unavailable"})

_log = logging.getLogger("bargate.functions")


class EventLimits(Struct, frozen=True, kw_only=True):
    """Bounds of the queues together, and the waits between attempts in seconds.

    `error_waits_s` are those after an error of the function, the last one ever again;
    `first_backoff_s` is doubled up to `max_backoff_s` while the function cannot be run.
    """

    events_a_function: int = 10_000
    bytes_in_all: int = 64 * 1024 * 1024
    running_in_all: int = 64
    running_a_function: int = 16
    error_waits_s: tuple[float, ...] = (60.0, 120.0)
    first_backoff_s: float = 1.0
    max_backoff_s: float = 300.0


class QueuedEvent(Struct, eq=False):
    """An event with what became of it so far; `queue` is the ARN of its function."""

    request_id: str
    queue: str
    invocation: Invocation
    accepted_at: float
    max_age_s: float
    max_retries: int
    due_at: float
    errors: int = 0
    refusals: int = 0

    @property
    def size_bytes(self) -> int:
        """What it takes of the bound."""
        return len(self.invocation.payload) + _OVERHEAD_BYTES


class _Queue:
    """The events of one function: those that wait, the one due first at the top."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, int, QueuedEvent]] = []
        self.running = 0

    def __len__(self) -> int:
        return len(self.waiting) + self.running


class EventQueue:
    """Decides which event runs when; functions take turns. Times are of one clock, in seconds."""

    def __init__(self, limits: EventLimits) -> None:
        self._limits = limits
        self._queues: OrderedDict[str, _Queue] = OrderedDict()
        self._bytes = 0
        self._running = 0
        self._number = 0

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    def add(self, invocation: Invocation, function: Function, now: float) -> QueuedEvent | Refused:
        """Take an event of a function in, as far as there is room."""
        queued = QueuedEvent(
            request_id=str(uuid.uuid4()),
            queue=function.arn,
            invocation=structs.replace(
                invocation, is_event=False, invoker=Permitted(), timeout_s=ATTEMPT_WAIT_S
            ),
            accepted_at=now,
            max_age_s=function.max_age_s,
            max_retries=function.max_retries,
            due_at=now,
        )
        queue = self._queues.get(function.arn)
        if (
            self._bytes + queued.size_bytes > self._limits.bytes_in_all
            or len(queue or ()) >= self._limits.events_a_function
        ):
            return Refused(reason="throttled", message="Rate Exceeded. (Too many events wait.)")
        self._bytes += queued.size_bytes
        self._put(queued)
        return queued

    def begin(self, now: float) -> list[QueuedEvent]:
        """Give the events that run now; each must be settled. Those too old are dropped."""
        begun = []
        while (event := self._next(now)) is not None:
            if now - event.accepted_at > event.max_age_s:
                self._drop(event, "it is too old")
            else:
                begun.append(event)
        return begun

    def settle(self, event: QueuedEvent, outcome: Outcome, now: float) -> None:
        """Take what came of an event's attempt: it is gone, or tried again later."""
        wait_s, reason = self._wait(event, outcome)
        if wait_s is None:
            self._drop(event, reason)
        elif now + wait_s - event.accepted_at > event.max_age_s:
            self._drop(event, f"{reason}; it would be too old for another attempt")
        else:
            self._stopped(event)
            event.due_at = now + wait_s
            self._put(event)

    def next_at(self) -> float | None:
        """Give the time at which `begin` may have something; None before one is settled or added."""
        if self._running >= self._limits.running_in_all:
            return None
        firsts = (
            queue.waiting[0][0]
            for queue in self._queues.values()
            if queue.waiting and queue.running < self._limits.running_a_function
        )
        return min(firsts, default=None)

    def _next(self, now: float) -> QueuedEvent | None:
        """Give one event that is due; its function comes last the next time."""
        if self._running >= self._limits.running_in_all:
            return None
        for arn, queue in self._queues.items():
            has_room = queue.running < self._limits.running_a_function
            if has_room and queue.waiting and queue.waiting[0][0] <= now:
                _, _, event = heapq.heappop(queue.waiting)
                queue.running += 1
                self._running += 1
                self._queues.move_to_end(arn)
                return event
        return None

    def _wait(self, event: QueuedEvent, outcome: Outcome) -> tuple[float | None, str]:
        """Say how long the next attempt waits, None for no other, and why."""
        limits = self._limits
        if isinstance(outcome, Errored):
            event.errors += 1
            if event.errors > event.max_retries:
                return None, f"the function failed {event.errors} times"
            waits = limits.error_waits_s
            return waits[min(event.errors, len(waits)) - 1], "the function failed"
        if isinstance(outcome, Refused):
            if outcome.reason not in _PASSING:
                return None, outcome.message
            doubled = limits.first_backoff_s * 2 ** min(event.refusals, _LAST_DOUBLING)
            event.refusals += 1
            return min(doubled, limits.max_backoff_s), outcome.message
        return None, ""

    def _put(self, event: QueuedEvent) -> None:
        self._number += 1
        queue = self._queues.setdefault(event.queue, _Queue())
        heapq.heappush(queue.waiting, (event.due_at, self._number, event))

    def _stopped(self, event: QueuedEvent) -> None:
        self._running -= 1
        self._queues[event.queue].running -= 1

    def _drop(self, event: QueuedEvent, reason: str) -> None:
        """Forget an event that runs; one that was not successful is worth a line in the log."""
        self._stopped(event)
        self._bytes -= event.size_bytes
        if not len(self._queues[event.queue]):
            del self._queues[event.queue]
        if reason:
            _log.warning("event %s of %s is dropped: %s", event.request_id, event.queue, reason)


class Events:
    """Runs events by `run`, given the invocation of an attempt and the event's request id.

    The invocation is Permitted and no event any more; its alias, if it has one, is drawn again.
    `run` must not raise.
    """

    def __init__(
        self,
        run: Callable[[Invocation, str], Awaitable[Outcome]],
        clock: Callable[[], float],
        limits: EventLimits | None = None,
    ) -> None:
        self._run = run
        self._clock = clock
        self._queue = EventQueue(limits or EventLimits())
        self._woken = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, invocation: Invocation, function: Function) -> str | Refused:
        """Queue an event whose invoker was permitted; gives its request id."""
        if self._is_closed:
            return Refused(reason="unavailable", message="The functions host ends.")
        queued = self._queue.add(invocation, function, self._clock())
        if isinstance(queued, Refused):
            return queued
        if self._loop is None:
            self._loop = asyncio.get_running_loop().create_task(self._work())
        self._woken.set()
        return queued.request_id

    async def close(self) -> None:
        """Run nothing more; what is under way is cancelled, what waits is lost."""
        self._is_closed = True
        tasks = [*self._attempts, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if len(self):
            _log.warning("%d events that functions were sent are lost", len(self))

    async def _work(self) -> None:
        while True:
            self._woken.clear()
            for event in self._queue.begin(self._clock()):
                task = asyncio.get_running_loop().create_task(self._attempt(event))
                self._attempts.add(task)
                task.add_done_callback(self._attempts.discard)
            await self._wait()

    async def _wait(self) -> None:
        """Wait for the next event to be due, or for a change."""
        next_at = self._queue.next_at()
        wait_s = None if next_at is None else max(0.0, next_at - self._clock())
        try:
            async with asyncio.timeout(wait_s):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _attempt(self, event: QueuedEvent) -> None:
        outcome = await self._run(event.invocation, event.request_id)
        self._queue.settle(event, outcome, self._clock())
        self._woken.set()
