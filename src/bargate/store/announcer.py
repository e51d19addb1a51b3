"""Tells listeners what was committed: in the order of the commits, each change once."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.store.interface import Change, Listener


class Announcer:
    """Holds what was committed until a thread that may call the listeners delivers it."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._committed: deque[frozenset[Change]] = deque()
        self._delivering = threading.RLock()
        self._is_delivering = False

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` from now on."""
        self._listeners.append(listener)

    def committed(self, changes: frozenset[Change]) -> None:
        """Note what a commit changed. The caller sees to the order."""
        if changes and self._listeners:
            self._committed.append(changes)

    def deliver(self) -> None:
        """Call the listeners with all that was noted; returns when they know it.

        Every listener is called, whatever another raises: one that misses a change would go on
        serving what was deleted. What they raised is raised together at the end.
        """
        with self._delivering:
            if self._is_delivering:  # a listener has written: what it changed comes in its turn
                return
            self._is_delivering = True
            try:
                failures = self._call_listeners()
            finally:
                self._is_delivering = False
        if failures:
            raise ExceptionGroup("listeners of the store failed", failures)

    def _call_listeners(self) -> list[Exception]:
        failures: list[Exception] = []
        while self._committed:
            changes = self._committed.popleft()
            for listener in self._listeners:
                try:
                    listener(changes)
                except Exception as failure:  # noqa: BLE001 (it is raised when all were called)
                    failures.append(failure)
        return failures
