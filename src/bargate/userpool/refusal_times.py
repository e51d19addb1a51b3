"""How long a wrong password is refused after, in pools with imported hashes.

Comparing another's hash takes another time than comparing ours, or the stand-in of somebody who does
not exist. So where the client hides users, every refusal in such a pool takes as long as the slowest
kind of hash that was compared there lately.

The first comparison after a start shows which pools these are; before it nothing is waited for.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MAX_S: Final = 5.0
MAX_POOLS: Final = 10_000
_KEPT: Final = 0.98  # of the time before, so that one slow moment is forgotten


class RefusalTimes:
    """The times of pools, in memory."""

    def __init__(self, max_pools: int = MAX_POOLS) -> None:
        self._times: OrderedDict[str, float] = OrderedDict()
        self._max_pools = max_pools

    def note(self, pool_id: str, took_s: float) -> None:
        """Note how long an imported hash took to compare."""
        before_s = self._times.get(pool_id, 0.0)
        self._times[pool_id] = min(max(took_s, before_s * _KEPT), MAX_S)
        self._times.move_to_end(pool_id)
        if len(self._times) > self._max_pools:
            self._times.popitem(last=False)

    def of(self, pool_id: str) -> float:
        """Give how long refusals take at least."""
        return self._times.get(pool_id, 0.0)
