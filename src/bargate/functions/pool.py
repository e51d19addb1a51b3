"""The processes that run functions: kept warm, shared out, never more than may live at once.

    take(key) ──► a warm process, the one used last
              ──► else wait; meanwhile one is started, in a free place or that of an idle other one
    give_back ──► whoever waits for one like it; else idle
    sweep     ──► idle for too long, broken, or of yesterday: ended

INVARIANT: a process is only ever given to invocations of its own key, and to one at a time; no more
than `limit` live at once, those that start and end among them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import TYPE_CHECKING

from bargate.functions.waiting import PoolFull, Waiter, Waiting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator
    from typing import Any

    from bargate.functions.held import Held, Key

IDLE_S = 300.0
# How long the first in the queue lets others have warm processes that it cannot use.
PATIENCE_S = 0.25

_log = logging.getLogger("bargate.functions")


class Pool:
    """At most `limit` processes; `is_current` says whether a key is still what should run.

    Where several functions share it, one has three quarters of them at most, so that one that hangs
    leaves room for others; of those that wait, the one with the fewest processes comes first.
    """

    def __init__(
        self,
        limit: int,
        is_current: Callable[[Key], bool],
        clock: Callable[[], float],
        is_shared: Callable[[], bool] = lambda: False,
    ) -> None:
        self._limit = limit
        self._is_current = is_current
        self._is_shared = is_shared
        self._clock = clock
        self._held: set[Held] = set()  # all that live, but those that start
        self._idle: dict[Key, list[Held]] = {}  # the one used last stands last
        self._waiting = Waiting()
        self._starting: dict[Key, int] = {}
        self._ending: set[Held] = set()
        self._starts: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def living(self) -> int:
        """Count the processes that live, start or end."""
        return len(self._held) + sum(self._starting.values())

    def digests(self) -> set[str]:
        """Give the digests of packages that processes run, or will."""
        keys = {*(held.key for held in self._held), *self._starting, *self._waiting.waited_for()}
        return {key.digest for key in keys}

    async def take(self, key: Key, start: Callable[[], Awaitable[Held]]) -> Held:
        """Give a process of a key for one invocation; `start` starts one.

        Raises PoolFull, and what `start` raises. Whoever takes one gives it back.
        """
        warm = self.take_warm(key)
        if warm is not None:
            return warm
        if self._is_closed:
            raise PoolFull
        given: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        try:
            return await self._waiting.join(key, Waiter(start, given, self._clock()), self._grow)
        except asyncio.CancelledError:
            if given.done() and not given.cancelled() and given.exception() is None:
                self.give_back(given.result())
            raise

    def take_warm(self, key: Key) -> Held | None:
        """Give a process that waits for an event, if there is one."""
        return None if self._is_closed else self._warm(key)

    def give_back(self, held: Held) -> None:
        """Take a process back after an invocation."""
        if self._is_closed or not self._is_good(held):
            self._end(held)
            return
        if self._is_overdue(but=held.key):
            self._end(held)  # its place goes to who waits for longest
            return
        waiter = self._waiting.next(held.key)
        if waiter is not None:
            waiter.given.set_result(held)
            return
        held.idle_since = self._clock()
        self._idle.setdefault(held.key, []).append(held)
        self._grow()  # somebody else may need its place

    def sweep(self) -> None:
        """End what was idle for too long, is broken, or should not run any more."""
        too_long_ago = self._clock() - IDLE_S
        for held in [each for idle in self._idle.values() for each in idle]:
            if held.idle_since < too_long_ago or not self._is_good(held):
                self._drop_idle(held)

    async def close(self) -> None:
        """End all processes; who waits is refused."""
        self._is_closed = True
        for key in self._waiting.waited_for():
            while (waiter := self._waiting.next(key)) is not None:
                waiter.given.set_exception(PoolFull())
        for start in self._starts:
            start.cancel()
        for held in list(self._held):
            self._end(held)
        while tasks := self._starts | self._ends:
            await asyncio.wait(tasks)

    def _warm(self, key: Key) -> Held | None:
        while idle := self._idle.get(key):
            held = idle.pop()
            if not idle:
                del self._idle[key]
            if self._is_good(held):
                return held
            self._end(held)
        return None

    def _is_good(self, held: Held) -> bool:
        is_fresh = held.rotate_at is None or self._clock() < held.rotate_at
        return is_fresh and held.process.is_usable and self._is_current(held.key)

    def _counts(self) -> Counter[Key]:
        """Count the processes of each key that live, start or end."""
        return Counter(held.key for held in self._held) + Counter(self._starting)

    def _share(self) -> int:
        """Give how many processes one key may have."""
        return max(1, self._limit * 3 // 4) if self._is_shared() else self._limit

    def _is_overdue(self, *, but: Key) -> bool:
        """Say whether somebody who waits for another key has waited long enough."""
        if not self._waiting or self.living < self._limit:
            return False
        oldest = next(iter(self._waiting.by_need(self._counts())), None)
        return (
            oldest is not None
            and oldest[1] != but
            and not self._starting.get(oldest[1])
            and len(self._ending) == 0
            and self._clock() - oldest[0] > PATIENCE_S
        )

    def _wanting(self) -> Iterator[Key]:
        """Give a key for each process that should be started, the most urgent first."""
        counts, share = self._counts(), self._share()
        for _, key in self._waiting.by_need(counts):
            wanted = self._waiting.length(key) - self._starting.get(key, 0)
            for _ in range(min(wanted, share - counts[key])):
                counts[key] += 1
                yield key

    def _grow(self) -> None:
        """Start processes for those who wait, as far as there is room or can be made."""
        if not self._waiting:
            return
        coming = len(self._ending)
        for key in list(_bounded(self._wanting(), self._limit)):
            if self.living < self._limit:
                self._begin(key)
            elif coming:
                coming -= 1
            elif not self._evict():
                return

    def _evict(self) -> bool:
        """End the process that is idle for longest, if there is one."""
        idle = [each[0] for each in self._idle.values()]
        if idle:
            self._drop_idle(min(idle, key=lambda each: each.idle_since))
        return bool(idle)

    def _begin(self, key: Key) -> None:
        waiter = self._waiting.first(key)
        if waiter is not None:
            self._starting[key] = self._starting.get(key, 0) + 1
            _run(self._start(key, waiter.start), self._starts)

    async def _start(self, key: Key, start: Callable[[], Awaitable[Held]]) -> None:
        try:
            held = await start()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  who waits is told
            self._started(key)
            self._failed(key, PoolFull() if isinstance(error, asyncio.CancelledError) else error)
            self._grow()
            return
        self._started(key)
        self._held.add(held)
        self.give_back(held)

    def _started(self, key: Key) -> None:
        self._starting[key] -= 1
        if not self._starting[key]:
            del self._starting[key]

    def _failed(self, key: Key, error: Exception) -> None:
        """Tell who waits for longest; if no other process of the key lives, all who wait.

        What does not start once will hardly start a thousand times.
        """
        lives = key in self._starting or any(held.key == key for held in self._held)
        while (waiter := self._waiting.next(key)) is not None:
            waiter.given.set_exception(error)
            if lives:
                return

    def _drop_idle(self, held: Held) -> None:
        idle = self._idle[held.key]
        idle.remove(held)
        if not idle:
            del self._idle[held.key]
        self._end(held)

    def _end(self, held: Held) -> None:
        if held not in self._ending:
            self._ending.add(held)
            _run(self._finish(held), self._ends)

    async def _finish(self, held: Held) -> None:
        try:
            await held.process.end()
        except Exception:  # noqa: BLE001  a bug met while ending one must not cost its place
            _log.exception("a process of %s was not ended", held.key.function_arn)
        self._ending.discard(held)
        self._held.discard(held)
        if not self._is_closed:
            self._grow()


def _run(work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    among.add(task)
    task.add_done_callback(among.discard)


def _bounded(keys: Iterator[Key], limit: int) -> Iterator[Key]:
    """Give no more keys than there can be processes."""
    for _, key in zip(range(limit), keys, strict=False):
        yield key
