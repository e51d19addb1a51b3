"""One token bucket whose tokens are leased before they are used.

    lease(n): outstanding += n          used(n, when): outstanding -= n, and the bucket is emptier
                                        returned(n):   outstanding -= n

A bucket is kept as the time at which it is full again (the virtual scheduling of GCRA): a use at
`t` moves that time to `max(full_at, t) + 1 / rate`. So uses may be told late, and in any order,
and what the bucket holds is never more than if each had been told when it was.

INVARIANT: (full_at - now) · rate + outstanding <= burst. Whatever workers hold can be used at any
time, and still no window of T seconds sees more than burst + rate · T.
"""

from __future__ import annotations

from math import floor, inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bargate.ledger.counters import Bucket

# Sums of a million uses stay exact to within this part of a token.
_ROUNDING = 1e-6


class LeasedBucket:
    """A bucket as the ledger has it. Times are in seconds on one monotonic clock."""

    __slots__ = ("burst", "full_at", "outstanding", "rate")

    def __init__(self, bucket: Bucket) -> None:
        self.rate = bucket.rate
        self.burst = bucket.burst if bucket.rate > 0 else 0
        self.full_at = -inf
        self.outstanding = 0

    def level(self, now: float) -> float:
        """Give the tokens that are there, leased ones among them."""
        if self.rate <= 0:
            return 0.0
        return self.burst - max(0.0, self.full_at - now) * self.rate

    def grantable(self, now: float) -> int:
        """Give how many tokens may be leased now."""
        return max(0, floor(self.level(now) - self.outstanding + _ROUNDING))

    def wait_s(self, now: float) -> float:
        """Give how long it takes until one more may be leased, if none comes back; else infinity."""
        if self.outstanding >= self.burst:
            return inf
        lacking = 1 - (self.level(now) - self.outstanding)
        return max(0.0, lacking) / self.rate

    def used(self, count: int, when: float) -> None:
        """Take note that leased tokens were used, the last of them at `when`."""
        self.outstanding -= count
        if count and self.rate > 0:
            self.full_at = max(self.full_at, when) + count / self.rate

    def is_full(self, now: float) -> bool:
        """Say whether a new bucket would be the same."""
        return self.outstanding == 0 and self.full_at <= now

    def reconfigure(self, bucket: Bucket, now: float) -> None:
        """Go on with another rate and burst, as full as before and no fuller."""
        fullness = self.level(now) / self.burst if self.burst else 0.0
        self.rate = bucket.rate
        self.burst = bucket.burst if bucket.rate > 0 else 0
        missing = self.burst * (1 - fullness)
        self.full_at = now + missing / self.rate if self.rate > 0 else -inf
