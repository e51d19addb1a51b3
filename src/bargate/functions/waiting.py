"""Who waits for a process of a function: in line for each key, whoever came first goes first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    import asyncio
    from collections import Counter
    from collections.abc import Awaitable, Callable

    from bargate.functions.held import Held, Key

MAX_WAITING = 10_000


class PoolFull(Exception):
    """More invocations wait for a process than may, or nothing is run any more."""


class Waiter(Struct, frozen=True, eq=False):
    """One who waits since a time of the clock; `start` starts a process for them."""

    start: Callable[[], Awaitable[Held]]
    given: asyncio.Future[Held]
    since: float


class Waiting:
    """The lines, at most `MAX_WAITING` waiters in all; who went away is forgotten."""

    def __init__(self) -> None:
        self._lines: dict[Key, deque[Waiter]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._lines)

    def waited_for(self) -> list[Key]:
        """Give the keys that are waited for."""
        return list(self._lines)

    def length(self, key: Key) -> int:
        """Count who waits for a process of a key."""
        return len(self._lines.get(key, ()))

    async def join(self, key: Key, waiter: Waiter, grow: Callable[[], None]) -> Held:
        """Wait in line, once `grow` has had its look at it; raises PoolFull."""
        if self._count >= MAX_WAITING:
            raise PoolFull
        self._lines.setdefault(key, deque()).append(waiter)
        self._count += 1
        try:
            grow()
            return await waiter.given
        finally:
            self._count -= 1

    def first(self, key: Key) -> Waiter | None:
        """Give who waits for longest for a process of a key."""
        line = self._lines.get(key)
        while line and line[0].given.done():
            line.popleft()
        if not line:
            self._lines.pop(key, None)
            return None
        return line[0]

    def next(self, key: Key) -> Waiter | None:
        """Take who waits for longest out of the line."""
        first = self.first(key)
        if first is not None:
            self._lines[key].popleft()
        return first

    def by_need(self, counts: Counter[Key]) -> list[tuple[float, Key]]:
        """Give since when which key is waited for: fewest processes first, then the longest wait."""
        firsts = ((self.first(key), key) for key in self.waited_for())
        return sorted(
            ((first.since, key) for first, key in firsts if first is not None),
            key=lambda each: (counts[each[1]], each[0]),
        )
