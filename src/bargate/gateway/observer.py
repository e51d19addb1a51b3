"""Passes on what the data plane tells of calls, and of what was not even a call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.gateway.access_log import AccessLog
    from bargate.gateway.metrics import Counters
    from bargate.gateway.recent import RecentCalls
    from bargate.gateway.serving import CallRecord

REFUSED_LINES_PER_TICK = 10

_log = logging.getLogger("bargate.worker")


class Observer:
    """Tells counters, the ring of recent calls, the log and, within bounds, standard error."""

    __slots__ = ("_counters", "_log", "_recent", "_refused")

    def __init__(self, recent: RecentCalls, log: AccessLog | None, counters: Counters) -> None:
        self._counters = counters
        self._recent = recent
        self._log = log
        self._refused = 0  # since the last tick

    def call_done(self, record: CallRecord) -> None:
        """Take note of a finished call."""
        self._counters.call_done(record)
        self._recent.remember(record)
        if self._log is not None:
            self._log.call_done(record)

    def request_refused(self, source_ip: str, status: int, reason: str) -> None:
        """Log what was not even a request: the first few between two ticks, one by one."""
        self._refused += 1
        if self._refused <= REFUSED_LINES_PER_TICK:
            _log.info("refused before it was a call: %d %s, from %s", status, reason, source_ip)

    def tick(self) -> None:
        """Say how many refusals had no line of their own; call it once a second."""
        more = self._refused - REFUSED_LINES_PER_TICK
        self._refused = 0
        if more > 0:
            _log.info("refused before they were calls: %d more", more)
