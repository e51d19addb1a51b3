"""All token buckets, and which worker holds how many tokens of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.ledger.bucket import LeasedBucket
from bargate.ledger.messages import BucketLease

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.ledger.counters import Bucket
    from bargate.ledger.messages import BucketAsk

# How long a worker may use what it holds after it asked, and how much longer it is waited for.
HOLD_S: Final = 10.0
GRACE_S: Final = 0.5
MAX_BUCKETS: Final = 1_000_000
# One worker is not given more than this part of what is there, unless calls wait for it.
_SHARE: Final = 8
_UNKNOWN_WAIT_S: Final = 0.02  # until somebody gives back, when that is all there is to wait for
_ROUND_TRIP_S: Final = 0.005


class _Holding:
    """What one worker holds of one bucket, and until when it may use that."""

    __slots__ = ("count", "until")

    def __init__(self) -> None:
        self.count = 0
        self.until = 0.0


class Buckets:
    """The ledger of buckets. `now` is on a monotonic clock that workers have, too."""

    def __init__(self) -> None:
        self._buckets: dict[str, LeasedBucket] = {}
        self._configured: dict[str, Bucket] = {}
        self._holdings: dict[int, dict[Bucket, _Holding]] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def ask(self, worker: int, asks: Iterable[BucketAsk], now: float) -> tuple[BucketLease, ...]:
        """Take note of how a worker stands to buckets, and lease it what it may have."""
        return tuple(self._lease(worker, ask, now) for ask in asks)

    def worker_gone(self, worker: int, now: float) -> None:
        """Take what a worker held for used: nobody knows."""
        for bucket, holding in self._holdings.pop(worker, {}).items():
            self._buckets[bucket.name].used(holding.count, now)

    def sweep(self, now: float) -> None:
        """Take for used what was held too long, and forget buckets that are full."""
        for holdings in self._holdings.values():
            for bucket, holding in tuple(holdings.items()):
                if holding.until + GRACE_S < now:
                    self._buckets[bucket.name].used(holding.count, now)
                    del holdings[bucket]
        full = [name for name, bucket in self._buckets.items() if bucket.is_full(now)]
        for name in full:
            del self._buckets[name], self._configured[name]

    def _lease(self, worker: int, ask: BucketAsk, now: float) -> BucketLease:
        bucket = self._bucket(ask.bucket, now, is_wanted=ask.wanted > 0)
        if bucket is None:
            return BucketLease(0, 1.0, is_void=True)
        holding = self._holdings.setdefault(worker, {}).setdefault(ask.bucket, _Holding())
        is_void = not _settle(bucket, holding, ask, now)
        granted = min(ask.wanted, bucket.grantable(now))
        granted = min(granted, max(ask.waiting, bucket.grantable(now) // _SHARE))
        bucket.outstanding += granted
        holding.count += granted
        holding.until = now + HOLD_S
        if not holding.count:
            del self._holdings[worker][ask.bucket]
        return BucketLease(granted, _retry_s(bucket, now), is_void)

    def _bucket(self, wanted: Bucket, now: float, *, is_wanted: bool) -> LeasedBucket | None:
        """Find a bucket, and let it be as it is wanted now; None when there are too many."""
        found = self._buckets.get(wanted.name)
        if found is None:
            if len(self._buckets) >= MAX_BUCKETS:
                return None
            found = self._buckets[wanted.name] = LeasedBucket(wanted)
            self._configured[wanted.name] = wanted
        elif is_wanted and self._configured[wanted.name] != wanted:
            found.reconfigure(wanted, now)
            self._configured[wanted.name] = wanted
        return found


def _settle(bucket: LeasedBucket, holding: _Holding, ask: BucketAsk, now: float) -> bool:
    """Book what was used and what came back; False when the worker holds what it may not."""
    used = min(ask.used, holding.count)
    bucket.used(used, min(ask.used_at, now))
    holding.count -= used
    # INVARIANT: what is held beyond what was leased was held too long, and taken for used.
    is_valid = ask.used + ask.held <= holding.count + used
    held = ask.held if is_valid else 0
    if is_valid:
        bucket.outstanding -= holding.count - held
    else:
        bucket.used(holding.count, now)
    holding.count = held
    return is_valid


def _retry_s(bucket: LeasedBucket, now: float) -> float:
    """Say when to ask again: not more often than tokens come, and than a bucket fills half."""
    if bucket.burst <= 0:
        return float("inf")
    wait_s = bucket.wait_s(now)
    if wait_s == float("inf"):
        return _UNKNOWN_WAIT_S
    return max(wait_s, min(_ROUND_TRIP_S, bucket.burst / bucket.rate / 2))
