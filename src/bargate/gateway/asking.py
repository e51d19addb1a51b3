"""Asks the supervisor's ledger for what a worker lacks, for all calls that wait together.

    a call lacks ──► fetch ──► AskBuckets | AskQuotas ──► supervisor
                       ▲                                     │
                       └── every waiting call looks again ◄──┴── LeasedBuckets | LeasedQuotas

A call waits for at most `WAIT_S`. A ledger that is silent for `SILENT_S` is not waited for at all,
until it answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from bargate.gateway.channel import AskBuckets, AskQuotas, Forget, LeasedBuckets, LeasedQuotas
from bargate.ledger.leases import Leases

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msgspec import Struct

    from bargate.ledger.counters import Limit
    from bargate.ledger.leases import WithoutLedger

WAIT_S: Final = 0.9
SILENT_S: Final = 0.6
TICK_S: Final = 0.25


class _Lane:
    """One kind of question, of which one is under way at a time, since `asked_at`."""

    __slots__ = ("answered", "answers", "asked_at", "is_quota", "questions")

    def __init__(self, loop: asyncio.AbstractEventLoop, *, is_quota: bool) -> None:
        self.is_quota = is_quota
        self.asked_at: float | None = None
        self.questions = 0
        self.answers = 0
        self.answered = loop.create_future()

    def ask(self) -> None:
        """Take note that a question is under way."""
        self.questions += 1
        self.asked_at = monotonic()

    def wake(self) -> None:
        """Let every waiting call look again."""
        waited, self.answered = self.answered, self.answered.get_loop().create_future()
        waited.set_result(None)


class Asking:
    """Drives the `leases` of a worker; `post` sends to the supervisor."""

    def __init__(self, post: Callable[[Struct], None], without: WithoutLedger = "refuse") -> None:
        self._loop = asyncio.get_running_loop()
        self._post = post
        self._buckets = _Lane(self._loop, is_quota=False)
        self._quotas = _Lane(self._loop, is_quota=True)
        self._is_flushing = False
        self._is_closed = False
        self._ticking = self._loop.call_later(TICK_S, self._tick)
        self.leases = Leases(monotonic, self._flush_soon, without)

    async def fetch(self, limits: Sequence[Limit]) -> None:
        """Ask for what is lacking; returns when all is known, or when it takes too long."""
        give_up_at = monotonic() + WAIT_S
        expected = dict.fromkeys((self._buckets, self._quotas), 0)
        while True:
            lacking = self._lacking(limits)
            if not lacking:
                return
            if monotonic() >= give_up_at:
                self.leases.give_up(limits, time())
                return
            for lane in lacking:
                # INVARIANT: a call is counted once in a question, and again only after its answer.
                if lane.answers >= expected[lane]:
                    self.leases.expect(limits, time(), is_quota=lane.is_quota)
                    expected[lane] = lane.questions + 1
            self._flush_soon()
            # Shielded: the other calls go on waiting when this one ends.
            await asyncio.shield(lacking[0].answered)

    def _lacking(self, limits: Sequence[Limit]) -> list[_Lane]:
        """Give the kinds of questions that are to be asked."""
        buckets, quotas = self.leases.lacking(limits, time())
        return [lane for lane, is_so in ((self._buckets, buckets), (self._quotas, quotas)) if is_so]

    def told(self, message: LeasedBuckets | LeasedQuotas | Forget) -> None:
        """Take what the ledger says; when all was given back, nothing more."""
        if self._is_closed:
            return
        self.leases.is_silent = False
        if isinstance(message, Forget):
            self.leases.forget(message.keys)
        elif isinstance(message, LeasedBuckets):
            self.leases.leased_buckets(message.leases)
            self._answered(self._buckets)
        else:
            self.leases.leased_quotas(message.leases)
            self._answered(self._quotas)

    async def close(self) -> None:
        """Give everything back: no call is taken any more."""
        self._ticking.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SILENT_S):
                while self._buckets.asked_at is not None or self._quotas.asked_at is not None:
                    lane = self._quotas if self._buckets.asked_at is None else self._buckets
                    await asyncio.shield(lane.answered)
        self._is_closed = True
        self.leases.give_all_back()
        self._ask_buckets()
        self._ask_quotas()

    def _answered(self, lane: _Lane) -> None:
        lane.asked_at = None
        lane.answers += 1
        lane.wake()
        self._flush_soon()

    def _flush_soon(self) -> None:
        """Ask once all that can go on now has said what it lacks."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        if self._buckets.asked_at is None:
            self._ask_buckets()
        if self._quotas.asked_at is None:
            self._ask_quotas()

    def _ask_buckets(self) -> None:
        asks = self.leases.ask_buckets()
        if asks:
            self._buckets.ask()
            self._post(AskBuckets(asks))

    def _ask_quotas(self) -> None:
        asks, returns, uses = self.leases.ask_quotas()
        if asks or returns or uses:
            self._quotas.ask()
            self._post(AskQuotas(asks, returns, uses))

    def _tick(self) -> None:
        self._ticking = self._loop.call_later(TICK_S, self._tick)
        if self.leases.tick():
            self._flush_soon()
        for lane in (self._buckets, self._quotas):
            if lane.asked_at is not None and monotonic() - lane.asked_at > SILENT_S:
                self.leases.is_silent = True
            if self.leases.is_silent:
                lane.wake()
