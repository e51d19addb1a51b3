"""The supervisor's ledger: answers workers, and asks the control process for quotas.

    worker ──► AskBuckets ──► Buckets ──► LeasedBuckets ──► worker
    worker ──► AskQuotas ──► QuotaPool ──► LeasedQuotas ──► worker
                               │  ▲ nothing here: the worker's question waits, `SETTLE_S` at most
                               ▼  │
                     LeaseQuotas, LeasedQuotas, Forget: the control process, one question at a time

It is here, not in the control process, since this process outlives both workers and control
process, and does no heavy work that leases would wait for.
"""

from __future__ import annotations

import asyncio
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from bargate.gateway.channel import (
    AskBuckets,
    AskQuotas,
    Forget,
    LeasedBuckets,
    LeasedQuotas,
)
from bargate.ledger.buckets import Buckets
from bargate.ledger.messages import QuotaLease, QuotaReturn, quota_key
from bargate.ledger.pool import QuotaPool

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msgspec import Struct

    from bargate.ledger.messages import QuotaAsk, QuotaKey

    Post = Callable[[Struct], None]

SETTLE_S: Final = 0.4
SWEEP_S: Final = 0.5
PAUSE_S: Final = 0.25
FLUSH_S: Final = 3.0
_AWAY: Final = "the control process does not answer, and what it had leased of the quota is used up"


class _Question:
    """A worker's question about quotas, as far as it is answered."""

    __slots__ = ("asks", "leases", "post", "until", "worker")

    def __init__(self, worker: int, asks: Sequence[QuotaAsk], post: Post, until: float) -> None:
        self.worker = worker
        self.asks = asks
        self.leases: list[QuotaLease | None] = [None] * len(asks)
        self.post = post
        self.until = until

    def unsent(self) -> tuple[QuotaReturn, ...]:
        """Give what was leased for it already."""
        pairs = zip(self.asks, self.leases, strict=True)
        return tuple(
            QuotaReturn(quota_key(ask.quota), lease.day, lease.granted)
            for ask, lease in pairs
            if lease is not None and lease.granted
        )


class LedgerDesk:
    """Buckets and leased quotas of one gateway."""

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._pool = QuotaPool()
        self._posts: dict[int, Post] = {}
        self._questions: list[_Question] = []
        self._control: Post | None = None
        self._is_asking = False
        self._pause_until = 0.0
        self._settled = asyncio.Event()
        self._sweeping: asyncio.TimerHandle | None = None

    # workers

    def worker_there(self, worker: int, post: Post) -> None:
        """Take note of a worker that was started."""
        self._posts[worker] = post
        if self._sweeping is None:
            self._sweep()

    def worker_gone(self, worker: int) -> None:
        """Take note of a worker that ended: what it held of buckets and quotas is used."""
        self._posts.pop(worker, None)
        self._buckets.worker_gone(worker, monotonic())
        for question in self._questions:
            if question.worker == worker:
                self._pool.put_back(question.unsent())
        self._questions = [each for each in self._questions if each.worker != worker]

    def asked(self, worker: int, message: AskBuckets | AskQuotas) -> None:
        """Answer a worker, at once or soon."""
        post = self._posts.get(worker)
        if post is None:
            return
        if isinstance(message, AskBuckets):
            post(LeasedBuckets(self._buckets.ask(worker, message.asks, monotonic())))
            return
        revived = self._pool.put_back(message.returns)
        if revived:
            self._tell(Forget(revived))
        self._pool.note(message.uses)
        self._questions.append(_Question(worker, message.asks, post, monotonic() + SETTLE_S))
        self._answer()
        if self._questions:
            asyncio.get_running_loop().call_later(SETTLE_S, self._answer)

    # the control process

    def control_there(self, post: Post) -> None:
        """Take note of a control process that was started."""
        self._control = post
        self._is_asking = False
        self.forget(())
        self._ask()

    def control_gone(self) -> None:
        """Take note that there is none now; what was asked of it is lost, and so is its answer."""
        self._control = None
        self._is_asking = False
        self._pool.lost()

    def leased(self, answer: LeasedQuotas) -> None:
        """Take the control process' answer."""
        self._is_asking = False
        self._pool.leased(answer.leases, monotonic(), is_booked=answer.is_booked)
        if not answer.is_booked:
            self._pause_until = monotonic() + PAUSE_S
        self._answer()

    def forget(self, keys: Sequence[QuotaKey]) -> None:
        """Believe no longer that nothing is left of these quotas; of none, of all."""
        self._pool.forget(keys)
        self._tell(Forget(tuple(keys)))

    async def close(self) -> None:
        """Give everything back to the control process; workers ended before."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._pool.give_all_back()
        self._settled.clear()
        self._ask()
        if self._is_asking:
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._settled.wait()
            except TimeoutError:
                return  # what was leased stays counted

    # both

    def _answer(self) -> None:
        """Answer all questions that can be answered, and ask for what the others lack."""
        now, instant = time(), monotonic()
        self._pool.want_nothing()
        waiting, self._questions = self._questions, []
        for question in waiting:
            self._try(question, now, instant, is_late=instant >= question.until)
        self._ask()

    def _try(self, question: _Question, now: float, instant: float, *, is_late: bool) -> None:
        lacking = []
        for at, ask in enumerate(question.asks):
            if question.leases[at] is None:
                question.leases[at] = self._pool.grant(ask, now, instant)
            if question.leases[at] is None:
                lacking.append(ask)
        if lacking and not is_late:
            for ask in lacking:
                self._pool.want(ask, instant)
            self._questions.append(question)
            return
        away = QuotaLease(0, failure=_AWAY)
        question.post(LeasedQuotas(tuple(lease or away for lease in question.leases)))

    def _ask(self) -> None:
        """Ask the control process, unless it is asked already or has just failed."""
        if self._is_asking or self._control is None or monotonic() < self._pause_until:
            return
        asks, returns, uses = self._pool.ask()
        if asks or returns or uses:
            self._is_asking = True
            self._control(AskQuotas(asks, returns, uses))
        else:
            self._settled.set()

    def _sweep(self) -> None:
        self._sweeping = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        instant = monotonic()
        self._buckets.sweep(instant)
        self._pool.sweep(instant)
        self._answer()

    def _tell(self, message: Forget) -> None:
        for post in tuple(self._posts.values()):
            post(message)
