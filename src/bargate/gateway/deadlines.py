"""Coarse deadlines: one ordered queue per duration, all swept by one timer.

Things that wait equally long expire in the order they began to wait, so that adding, moving and
removing are O(1) and a sweep looks only at what has expired. Nothing is scheduled per request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class DeadlineQueue(Generic[T]):
    """Items that must be done within `duration_s`, or `expire` is called with them once."""

    __slots__ = ("_due", "_duration_s", "_expire", "_time")

    def __init__(
        self, duration_s: float, expire: Callable[[T], None], time: Callable[[], float]
    ) -> None:
        self._duration_s = duration_s
        self._expire = expire
        self._time = time
        self._due: dict[T, float] = {}  # in the order of the deadlines

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, item: T) -> bool:
        return item in self._due

    def start(self, item: T) -> None:
        """Give `item` the whole duration from now, also when it was waiting already."""
        due = self._due
        due.pop(item, None)  # an item that waits already goes to the end
        due[item] = self._time() + self._duration_s

    def stop(self, item: T) -> None:
        """Forget `item`, if it waits."""
        self._due.pop(item, None)

    def sweep(self, now: float) -> None:
        """Expire everything due at `now`."""
        due = self._due
        while due:
            item = next(iter(due))
            if due[item] > now:
                return
            del due[item]
            self._expire(item)


class Deadlines:
    """All queues of one worker."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._queues: list[DeadlineQueue[object]] = []

    def queue(self, duration_s: float, expire: Callable[[T], None]) -> DeadlineQueue[T]:
        """Make a queue that is swept with the others."""
        queue = DeadlineQueue(duration_s, expire, self._time)
        self._queues.append(queue)  # type: ignore[arg-type]  # each queue knows its own item type
        return queue

    def sweep(self) -> None:
        """Expire what is due in every queue."""
        now = self._time()
        for queue in self._queues:
            queue.sweep(now)
