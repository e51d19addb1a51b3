"""When the garbage collector looks at what, so that no collection stops calls for long.

    update applied ──► settle: young objects collected, everything frozen
                         └── seldom, or when it is quick: all thawed and collected first

What is frozen is not looked at by later collections, and never freed if it refers to itself. A
compiled stage does not (tests hold that), but a connection that lives while an update comes may: so
everything is thawed now and then. A full collection takes as long as much is held, so that it is
made at every update where it was quick the last time, and else once in `FULL_EVERY_S` at most.
"""

from __future__ import annotations

import gc
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

QUICK_S = 0.005
FULL_EVERY_S = 60.0
_YOUNG = 1  # generations 0 and 1


class Collector:
    """Decides on collections for one process, whose `now` gives seconds on a monotonic clock."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._took_s = 0.0
        self._full_at_s: float | None = None

    def settle(self) -> None:
        """Collect as far as it is due, and freeze all that is left; call it after an update."""
        started_s = self._now()
        if self._is_due(started_s):
            gc.unfreeze()
            gc.collect()
            self._full_at_s = self._now()
            self._took_s = self._full_at_s - started_s
        else:
            gc.collect(_YOUNG)
        gc.freeze()

    def _is_due(self, now_s: float) -> bool:
        if self._full_at_s is None or self._took_s <= QUICK_S:
            return True
        return now_s - self._full_at_s >= FULL_EVERY_S
