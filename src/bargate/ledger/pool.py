"""Quotas as the supervisor has them: leased from the store's process, leased on to workers.

    worker ──► grant ──► from what is here ──► QuotaLease
                 └── None: wanted ──► ask ──► control process: durable ──► leased ──► grant again

What is here goes on when the control process is away. `now` is seconds since the epoch, `instant`
is on a monotonic clock.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from bargate.ledger.held import IDLE_LITTLE_S, IDLE_S, usual
from bargate.ledger.messages import QuotaAsk, QuotaLease, QuotaReturn, UseCount, quota_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bargate.ledger.counters import Quota, Use
    from bargate.ledger.messages import QuotaKey

Counted = TypeVar("Counted")

MAX_ASKS: Final = 1_000
MAX_QUOTAS: Final = 1_000_000
_REMEMBER_S: Final = 5.0
_FAILURE_S: Final = 0.25
_SHARE: Final = 4
_AHEAD: Final = 8


class _Pooled:
    """What is here of one quota, and what is known of it."""

    __slots__ = (
        "day", "failure", "failure_until", "left", "quota", "retry_at", "spent_until", "tokens",
        "touched_at", "until",
    )  # fmt: skip

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self.tokens = 0
        self.day = ""
        self.until = 0.0
        self.spent_until = 0.0
        self.retry_at = 0.0
        self.failure = ""
        self.failure_until = 0.0
        self.left: int | None = None  # in the store, besides what is here
        self.touched_at = 0.0


class QuotaPool:
    """Quotas by key; what is returned, counted or wanted is collected until the next `ask`."""

    def __init__(self) -> None:
        self._pooled: dict[QuotaKey, _Pooled] = {}
        self._wanted: dict[QuotaKey, tuple[int, int]] = {}
        self._asked: dict[QuotaKey, None] = {}
        self._told: tuple[tuple[QuotaReturn, ...], tuple[UseCount, ...]] = ((), ())
        self._returns: dict[tuple[QuotaKey, str], int] = {}
        self._uses: dict[Use, int] = {}

    def __len__(self) -> int:
        return len(self._pooled)

    def grant(self, ask: QuotaAsk, now: float, instant: float) -> QuotaLease | None:
        """Lease from what is here; None when the store's process must be asked first."""
        key = quota_key(ask.quota)
        pooled = self._pooled.get(key)
        if pooled is None:
            return None
        pooled.touched_at = instant
        if pooled.quota != ask.quota:  # it was changed, or the worker is late: look again
            pooled.quota, pooled.spent_until = ask.quota, 0.0
        if now >= pooled.until:
            self._return(key, pooled)
        if pooled.tokens:
            # What calls wait for first: another worker's may wait for the rest.
            granted = min(ask.wanted, pooled.tokens, max(ask.waiting, pooled.tokens // _SHARE))
            pooled.tokens -= granted
            left = None if pooled.left is None else pooled.left + pooled.tokens
            return QuotaLease(granted, pooled.day, pooled.until, remaining=left)
        if instant < pooled.spent_until:
            return QuotaLease(0, retry_after_s=max(0.0, pooled.retry_at - instant))
        if instant < pooled.failure_until:
            return QuotaLease(0, failure=pooled.failure)
        return None

    def want_nothing(self) -> None:
        """Begin to collect anew what is wanted."""
        self._wanted.clear()

    def want(self, ask: QuotaAsk, instant: float) -> None:
        """Let more be asked for, unless that is under way."""
        key = quota_key(ask.quota)
        if key in self._asked:
            return
        pooled = self._pooled.setdefault(key, _Pooled(ask.quota))
        pooled.touched_at = instant
        wanted, waiting = self._wanted.get(key, (0, 0))
        # A busy key's calls go on while the store's process is started again.
        ahead = (ask.wanted - ask.waiting) * _AHEAD
        self._wanted[key] = (wanted + ask.waiting + ahead, waiting + ask.waiting)

    def put_back(self, returns: Iterable[QuotaReturn]) -> tuple[QuotaKey, ...]:
        """Take what a worker did not use; give the quotas of which nothing was left before.

        What is of another day than what is here goes back to the store's process.
        """
        revived = []
        for each in returns:
            pooled = self._pooled.get(each.key)
            if pooled is not None and pooled.day == each.day and pooled.until:
                pooled.tokens += each.count
                if pooled.spent_until:
                    revived.append(each.key)
                pooled.spent_until = 0.0
            else:
                self._collect(each.key, each.day, each.count)
        return tuple(revived)

    def note(self, uses: Iterable[UseCount]) -> None:
        """Collect what is only counted."""
        for each in uses:
            self._uses[each.use] = self._uses.get(each.use, 0) + each.count

    def ask(self) -> tuple[tuple[QuotaAsk, ...], tuple[QuotaReturn, ...], tuple[UseCount, ...]]:
        """Give all that is to be asked and told, nothing when there is no need."""
        self._asked = dict.fromkeys(islice(self._wanted, MAX_ASKS))
        asks = []
        for key in self._asked:
            wanted, waiting = self._wanted.pop(key)
            asks.append(QuotaAsk(self._pooled[key].quota, wanted, waiting))
        returns = tuple(QuotaReturn(*place, n) for place, n in _first(self._returns))
        uses = tuple(UseCount(use, n) for use, n in _first(self._uses))
        self._told = (returns, uses)
        return tuple(asks), returns, uses

    def leased(
        self, leases: Sequence[QuotaLease], instant: float, *, is_booked: bool = True
    ) -> None:
        """Take the answer to what was asked; what was told and not booked is told once more."""
        if not is_booked:
            returns, uses = self._told
            for each in returns:
                self._collect(each.key, each.day, each.count)
            self.note(uses)
        for key, lease in zip(self._asked, leases, strict=True):
            pooled = self._pooled[key]
            if lease.failure:
                pooled.failure, pooled.failure_until = lease.failure, instant + _FAILURE_S
            elif lease.granted:
                if pooled.day != lease.day:
                    self._return(key, pooled)
                pooled.day, pooled.until = lease.day, lease.until
                pooled.tokens += lease.granted
                pooled.left = lease.remaining
            else:
                pooled.spent_until = instant + min(lease.retry_after_s, _REMEMBER_S)
                pooled.retry_at = instant + lease.retry_after_s
        self._asked = {}

    def lost(self) -> None:
        """Expect no answer to what was asked: whoever was asked is gone.

        What was told may have been booked, so it is not told again.
        """
        self._asked = {}

    def forget(self, keys: Sequence[QuotaKey]) -> None:
        """Believe no longer that nothing is left of these quotas; of none, of all."""
        for key in keys or tuple(self._pooled):
            pooled = self._pooled.get(key)
            if pooled is not None:
                pooled.spent_until = 0.0

    def sweep(self, instant: float) -> None:
        """Give back what is idle, and forget what is over."""
        for key, pooled in tuple(self._pooled.items()):
            idle_s = IDLE_LITTLE_S if usual(pooled.quota) else IDLE_S
            if instant - pooled.touched_at < idle_s:
                continue
            self._return(key, pooled)
            is_asked = key in self._wanted or key in self._asked
            if instant >= pooled.spent_until and not is_asked:
                del self._pooled[key]

    def give_all_back(self) -> None:
        """Hold nothing any more: the supervisor ends."""
        for key, pooled in self._pooled.items():
            self._return(key, pooled)

    def _return(self, key: QuotaKey, pooled: _Pooled) -> None:
        if pooled.tokens:
            self._collect(key, pooled.day, pooled.tokens)
        pooled.tokens, pooled.until = 0, 0.0

    def _collect(self, key: QuotaKey, day: str, count: int) -> None:
        self._returns[key, day] = self._returns.get((key, day), 0) + count


def _first(counts: dict[Counted, int]) -> list[tuple[Counted, int]]:
    """Take as many counts away as go into one message."""
    first = list(islice(counts.items(), MAX_ASKS))
    for key, _ in first:
        del counts[key]
    return first
