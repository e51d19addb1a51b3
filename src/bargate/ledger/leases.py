"""The limits as one worker knows them: what was leased to it, and what it must ask for.

    take ──► tokens held ──► Taken            ask_buckets, ask_quotas ──► messages to the ledger
      │                                       leased_buckets, leased_quotas ◄── its answers
      └──► Lacking ──► expect ──► asked for with all that others lack, in one message

Of buckets and of quotas one message each is under way at a time, so that the ledger always knows
what is held here. Nothing here waits: who drives it (`gateway/asking.py`) gives `wake`.
"""

from __future__ import annotations

import logging
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Final, Literal

from bargate.ledger.buckets import HOLD_S
from bargate.ledger.counters import Lacking, Quota, Spent, Taken, Unreachable, Use
from bargate.ledger.held import Held
from bargate.ledger.lease_counts import LeaseCounts
from bargate.ledger.messages import (
    QuotaAsk,
    QuotaReturn,
    UseCount,
    quota_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from bargate.ledger.counters import Counted, Limit
    from bargate.ledger.messages import BucketAsk, BucketLease, QuotaKey, QuotaLease

WithoutLedger = Literal["refuse", "allow"]

MAX_LIMITS: Final = 200_000
MAX_ASKS: Final = 2_000
# Of more limits than these, each is looked at once in so many ticks.
_LOOKED_AT: Final = 1_000
_ROUNDS: Final = 8
# How long "nothing is left" is believed: a bucket's tokens may come back, a quota's are told of.
_REMEMBER_BUCKET_S: Final = 1.0
_REMEMBER_QUOTA_S: Final = 5.0
_FAILURE_S: Final = 0.25
_WARN_S: Final = 10.0
_TAKEN: Final = Taken()
_SILENT: Final = "the ledger does not answer"

_log = logging.getLogger("bargate.ledger")


class Leases:
    """The `Counters` of a worker. `clock` is monotonic, and the same as the ledger's.

    `without` says what becomes of calls while the ledger cannot be reached; `is_silent` that it
    does not answer.
    """

    def __init__(
        self, clock: Callable[[], float], wake: Callable[[], None], without: WithoutLedger
    ) -> None:
        self._clock = clock
        self._wake = wake
        self._is_open = without == "allow"
        self._held: dict[Limit, Held] = {}
        self._quotas: dict[QuotaKey, Held] = {}
        # What must be asked for, or told of: buckets, quotas.
        self._due: tuple[dict[Held, None], dict[Held, None]] = ({}, {})
        self._asked_buckets: list[Held] = []
        self._asked_quotas: list[Held] = []
        self._returns: list[QuotaReturn] = []
        self._uses: dict[Use, int] = {}
        self._round: Iterator[tuple[Limit, Held]] = iter(())
        self.is_silent = False
        self._warned_at = -inf
        self._leased = self._spent = self._unreachable = self._unleased = 0
        self._full = Held(Use("", "", "", ""))
        self._full.tokens, self._full.failure_until = 0, inf
        self._full.failure = "more limits are in use than a worker keeps"

    def counts(self) -> LeaseCounts:
        """Give what was counted since the worker started."""
        return LeaseCounts(self._leased, self._spent, self._unreachable, self._unleased)

    # what steps call

    def take(self, limits: Sequence[Limit], now: float) -> Counted:
        """Take one of every limit, or of none. `now` is the call's (seconds, epoch)."""
        instant = self._clock()
        found = [self._held.get(limit) or self._enter(limit) for limit in limits]
        lacking = failed = None
        for held in found:
            if held.tokens > 0 and (now if held.is_quota else instant) < held.until:
                continue
            if instant < held.spent_until:
                self._spent += 1
                return Spent(held.limit, max(0.0, held.retry_at - instant))
            if instant < held.failure_until or self.is_silent:
                failed = held
            else:
                lacking = held
        if failed is not None and (lacking is None or not self._is_open):
            return self._without(found, failed, now, instant)
        if lacking is not None:
            return Lacking(tuple(limits))
        self._use(found, instant)
        return _TAKEN

    def remaining(self, quota: Quota) -> int | None:
        """Give what was left of a quota when the ledger was asked last, None when it was not."""
        held = self._held.get(quota)
        return None if held is None or held.left is None else held.left + held.tokens

    def _use(self, found: Iterable[Held], instant: float) -> None:
        for held in found:
            held.tokens -= 1
            held.used += 1
            held.used_at = instant
            held.taken += 1
            if held.tokens < held.low and held not in self._due[held.is_quota]:
                self._due[held.is_quota][held] = None
                self._wake()

    def _without(
        self, found: Sequence[Held], failed: Held, now: float, instant: float
    ) -> Taken | Unreachable:
        """Answer for a limit that cannot be asked for."""
        detail = failed.failure if instant < failed.failure_until else _SILENT
        if not self._is_open:
            self._unreachable += 1
            return Unreachable(detail)
        self._unleased += 1
        if instant - self._warned_at >= _WARN_S:
            self._warned_at = instant
            _log.warning("calls pass uncounted, as --without-ledger allow says: %s", detail)
        there = [held for held in found if held.has(now, instant)]
        self._use(there, instant)
        for held in found:
            if held not in there and isinstance(held.limit, Quota):
                use = Use(*quota_key(held.limit))
                self._uses[use] = self._uses.get(use, 0) + 1
        return _TAKEN

    def _enter(self, limit: Limit) -> Held:
        if len(self._held) >= MAX_LIMITS:
            return self._full
        held = self._held[limit] = Held(limit)
        if isinstance(limit, Quota):
            self._quotas[quota_key(limit)] = held
        return held

    # what the driver calls

    def lacking(self, limits: Sequence[Limit], now: float) -> tuple[bool, bool]:
        """Say whether of any buckets, and of any quotas, only the ledger knows what is left."""
        instant = self._clock()
        lacking = [held for held in self._find(limits) if held.lacks(now, instant)]
        if self.is_silent:
            return False, False
        quotas = sum(held.is_quota for held in lacking)
        return len(lacking) > quotas, quotas > 0

    def expect(self, limits: Sequence[Limit], now: float, *, is_quota: bool) -> None:
        """Let one more of each bucket, or quota, that is lacking be asked for."""
        instant = self._clock()
        for held in self._find(limits):
            if held.is_quota == is_quota and held.lacks(now, instant):
                held.waiting += 1
                self._due[held.is_quota][held] = None

    def give_up(self, limits: Sequence[Limit], now: float) -> None:
        """Let what is still lacking fail for a moment: a call has waited for long enough."""
        instant = self._clock()
        for held in self._find(limits):
            if held.lacks(now, instant):
                held.fail(_SILENT, instant + _FAILURE_S)

    def ask_buckets(self) -> tuple[BucketAsk, ...]:
        """Give what is to be asked and told of buckets, nothing when there is no need."""
        instant = self._clock()
        self._asked_buckets = self._next(is_quota=False)
        return tuple(held.bucket_ask(instant) for held in self._asked_buckets)

    def leased_buckets(self, leases: Sequence[BucketLease]) -> None:
        """Take the answer to what was asked of buckets."""
        instant = self._clock()
        for held, lease in zip(self._asked_buckets, leases, strict=True):
            if lease.is_void:
                held.tokens = 0
            held.until = held.asked_at + HOLD_S
            held.answered(lease.granted, lease.retry_after_s, _REMEMBER_BUCKET_S, instant)
            self._leased += lease.granted
        self._asked_buckets = []

    def ask_quotas(
        self,
    ) -> tuple[tuple[QuotaAsk, ...], tuple[QuotaReturn, ...], tuple[UseCount, ...]]:
        """Give what is to be asked and told of quotas, nothing when there is no need."""
        instant, asks = self._clock(), []
        for held in self._next(is_quota=True):
            wanted, waiting = held.ask(instant)
            if wanted and isinstance(held.limit, Quota):
                self._asked_quotas.append(held)
                asks.append(QuotaAsk(held.limit, wanted, waiting))
            else:
                held.asked = None
        returns, self._returns = tuple(self._returns), []
        uses, self._uses = tuple(UseCount(use, n) for use, n in self._uses.items()), {}
        return tuple(asks), returns, uses

    def leased_quotas(self, leases: Sequence[QuotaLease]) -> None:
        """Take the answer to what was asked of quotas."""
        instant = self._clock()
        for held, lease in zip(self._asked_quotas, leases, strict=True):
            if lease.failure:
                held.fail(lease.failure, instant + _FAILURE_S)
                continue
            if lease.granted:
                self._renew(held, lease)
            held.answered(lease.granted, lease.retry_after_s, _REMEMBER_QUOTA_S, instant)
            self._leased += lease.granted
        self._asked_quotas = []

    def forget(self, keys: Iterable[QuotaKey]) -> None:
        """Believe no longer that nothing is left of these quotas; of none, of all."""
        of = tuple(keys) or tuple(self._quotas)
        for key in of:
            held = self._quotas.get(key)
            if held is not None:
                held.spent_until = 0.0

    def tick(self) -> bool:
        """Give back what is idle and forget what is over; say whether there is much to tell.

        Of very many limits a part is looked at each time, so that no tick takes long.
        """
        instant = self._clock()
        for limit, held in self._next_round():
            if isinstance(limit, Use):
                self._note(limit, held, instant)
            elif held.is_idle(instant):
                self._idle(limit, held, instant)
            elif held.used and not held.is_quota:
                self._due[held.is_quota][held] = None
            held.taken_before, held.taken = held.taken, 0
        return bool(any(self._due) or self._returns or self._uses)

    def _next_round(self) -> list[tuple[Limit, Held]]:
        """Give the next part of all limits, all of them where they are not many."""
        count = max(_LOOKED_AT, len(self._held) // _ROUNDS)
        found = list(islice(self._round, count))
        if not found:
            self._round = iter(tuple(self._held.items()))
            found = list(islice(self._round, count))
        return [(limit, held) for limit, held in found if self._held.get(limit) is held]

    def give_all_back(self) -> None:
        """Hold nothing any more: the worker ends."""
        instant = self._clock()
        for limit, held in self._held.items():
            if isinstance(limit, Use):
                self._note(limit, held, instant)
                continue
            held.waiting = held.taken = held.taken_before = 0
            self._put_back(held)

    def _find(self, limits: Sequence[Limit]) -> list[Held]:
        return [self._held.get(limit) or self._enter(limit) for limit in limits]

    def _next(self, *, is_quota: bool) -> list[Held]:
        """Give what the next message is about."""
        due = self._due[is_quota]
        found = list(islice(due, MAX_ASKS))
        for held in found:
            del due[held]
        return found

    def _renew(self, held: Held, lease: QuotaLease) -> None:
        """Hold what was leased on a day; what is left of another day goes back."""
        if held.day != lease.day:
            self._return(held)
            held.day, held.used = lease.day, 0
        held.until = lease.until
        held.left = lease.remaining

    def _idle(self, limit: Limit, held: Held, instant: float) -> None:
        if held.tokens or (held.used and not held.is_quota):
            self._put_back(held)
            return
        remembers = instant < held.spent_until < inf or instant < held.failure_until
        if remembers or held.asked is not None or held in self._due[held.is_quota]:
            return
        del self._held[limit]
        if isinstance(limit, Quota) and self._quotas.get(quota_key(limit)) is held:
            del self._quotas[quota_key(limit)]

    def _put_back(self, held: Held) -> None:
        if held.is_quota:
            self._return(held)
        elif held.tokens or held.used:
            held.tokens = held.low = 0
            self._due[False][held] = None

    def _return(self, held: Held) -> None:
        if held.tokens and isinstance(held.limit, Quota):
            self._returns.append(QuotaReturn(quota_key(held.limit), held.day, held.tokens))
        held.tokens = held.low = 0

    def _note(self, use: Use, held: Held, instant: float) -> None:
        if held.used:
            self._uses[use] = self._uses.get(use, 0) + held.used
            held.used = 0
        elif held.is_idle(instant):
            del self._held[use]
