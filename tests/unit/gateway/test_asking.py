"""A worker's driver and the supervisor's desk, joined without processes, on the real clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

import pytest
from msgspec import Struct

from bargate.gateway.asking import Asking
from bargate.gateway.channel import AskBuckets, AskQuotas, Forget, LeasedBuckets, LeasedQuotas
from bargate.gateway.ledger_desk import LedgerDesk
from bargate.ledger.counters import (
    Bucket,
    Counted,
    Lacking,
    Limit,
    Quota,
    Spent,
    Taken,
    Unreachable,
    Use,
)
from bargate.ledger.messages import QuotaLease
from bargate.model.quota import Allowance

QUOTA = Quota(
    "123456789012",
    "us-east-1",
    "plan",
    "key",
    Allowance(limit=10, offset=0, period="DAY", first_day=date(2026, 1, 1)),
)
KEY = (QUOTA.account_id, QUOTA.region, QUOTA.usage_plan_id, QUOTA.key_id)


class Joined:
    """A desk, and workers that talk to it over the event loop; `control` are its questions."""

    def __init__(self, workers: int = 1) -> None:
        self.loop = asyncio.get_running_loop()
        self.desk = LedgerDesk()
        self.posted: list[Any] = []
        self.control: asyncio.Queue[Struct] = asyncio.Queue()
        self.workers = [self._new(number) for number in range(workers)]

    def _new(self, number: int) -> Asking:
        def post(message: Struct) -> None:
            self.posted.append(message)
            self.loop.call_soon(self.desk.asked, number, message)

        asking = Asking(post)
        self.desk.worker_there(number, lambda told: self.loop.call_soon(asking.told, told))
        return asking

    async def call(self, limit: Limit, worker: int = 0) -> Counted:
        asking = self.workers[worker]
        counted = asking.leases.take((limit,), time.time())
        for _ in range(4):
            if not isinstance(counted, Lacking):
                break
            await asking.fetch(counted.limits)
            counted = asking.leases.take((limit,), time.time())
        return counted

    async def answer(self, granted: int, *, is_booked: bool = True, **more: Any) -> AskQuotas:
        """Answer the next question to the control process."""
        message = await asyncio.wait_for(self.control.get(), 5)
        assert isinstance(message, AskQuotas)
        day = {"day": "2026-11-27", "until": time.time() + 3600} if granted else {}
        lease = QuotaLease(granted, **day, **more)
        self.desk.leased(LeasedQuotas((lease,) * len(message.asks), is_booked))
        return message

    async def answered(self, granted: int, *, worker: int = 0, **more: Any) -> Counted:
        """Call once, with the control process answering the question that the call leads to."""
        call = asyncio.ensure_future(self.call(QUOTA, worker))
        await self.answer(granted, **more)
        return await call

    async def close(self) -> None:
        for asking in self.workers:
            await asking.close()
        self.desk.control_gone()
        await self.desk.close()


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(work())


def test_calls_that_wait_together_ask_once() -> None:
    async def work() -> None:
        joined = Joined()
        calls = [joined.call(Bucket("b", 1.0, 100)) for _ in range(50)]
        counted = await asyncio.gather(*calls)
        assert all(isinstance(each, Taken) for each in counted)
        asks = [ask for message in joined.posted for ask in message.asks]
        assert [ask.waiting for ask in asks if ask.waiting] == [50]
        await joined.close()

    run(work)


def test_a_ledger_that_is_silent_is_noticed_within_a_second() -> None:
    async def work() -> None:
        heard: list[Struct] = []
        asking = Asking(heard.append)
        bucket = Bucket("b", 1.0, 5)
        begun = time.monotonic()
        await asking.fetch((bucket,))
        assert time.monotonic() - begun < 1.0
        counted = asking.leases.take((bucket,), time.time())
        assert isinstance(counted, Unreachable)
        begun = time.monotonic()
        await asking.fetch((bucket,))
        assert time.monotonic() - begun < 0.05  # nobody waits for it any more
        (asked,) = heard
        assert isinstance(asked, AskBuckets)
        desk = LedgerDesk()
        desk.worker_there(0, asking.told)
        desk.asked(0, asked)
        assert isinstance(asking.leases.take((bucket,), time.time()), Taken)
        await asking.close()
        await desk.close()

    run(work)


def test_without_a_control_process_a_quota_cannot_be_asked_for() -> None:
    async def work() -> None:
        joined = Joined()
        begun = time.monotonic()
        counted = await joined.call(QUOTA)
        assert isinstance(counted, Unreachable)
        assert "control process" in counted.detail
        assert time.monotonic() - begun < 1.0
        assert isinstance(await joined.call(Bucket("b", 1.0, 5)), Taken)  # buckets go on
        await joined.close()

    run(work)


def test_what_was_leased_goes_on_without_a_control_process() -> None:
    async def work() -> None:
        joined = Joined(2)
        joined.desk.control_there(joined.control.put_nowait)
        calls = [asyncio.ensure_future(joined.call(QUOTA, worker)) for worker in (0, 1)]
        await joined.answer(5)
        assert all(isinstance(each, Taken) for each in await asyncio.gather(*calls))
        joined.desk.control_gone()
        assert [type(await joined.call(QUOTA, 1)) for _ in range(4)] == [Taken] * 3 + [Unreachable]
        joined.desk.control_there(joined.control.put_nowait)
        await asyncio.sleep(0.3)  # what failed is believed for a moment
        assert isinstance(await joined.answered(1, worker=1), Taken)
        await joined.close()

    run(work)


def test_spent_is_remembered_until_it_is_to_be_forgotten() -> None:
    async def work() -> None:
        joined = Joined()
        joined.desk.control_there(joined.control.put_nowait)
        counted = await joined.answered(0, retry_after_s=3600.0)
        assert isinstance(counted, Spent)
        assert counted.retry_after_s == pytest.approx(3600, abs=5)
        assert isinstance(await joined.call(QUOTA), Spent)
        assert joined.control.empty()
        joined.desk.forget((KEY,))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert isinstance(await joined.answered(1), Taken)
        await joined.close()

    run(work)


def test_a_failing_store_is_said_to_the_call() -> None:
    async def work() -> None:
        joined = Joined()
        joined.desk.control_there(joined.control.put_nowait)
        counted = await joined.answered(0, failure="the disk is full")
        assert isinstance(counted, Unreachable)
        assert counted.detail == "the disk is full"
        await joined.close()

    run(work)


def test_a_worker_that_dies_before_its_answer_loses_nothing() -> None:
    async def work() -> None:
        joined = Joined(2)
        joined.desk.control_there(joined.control.put_nowait)
        other = Quota("123456789012", "us-east-1", "plan", "other", QUOTA.allowance)
        first = asyncio.ensure_future(joined.call(QUOTA, 1))
        await joined.answer(3)  # two are left
        assert isinstance(await first, Taken)
        both = asyncio.ensure_future(joined.workers[0].fetch((QUOTA, other)))
        question = await asyncio.wait_for(joined.control.get(), 5)
        assert isinstance(question, AskQuotas)
        assert [ask.quota for ask in question.asks] == [other]
        joined.desk.worker_gone(0)
        joined.desk.leased(LeasedQuotas((QuotaLease(0, failure="gone"),)))
        assert [type(await joined.call(QUOTA, 1)) for _ in range(2)] == [Taken, Taken]
        both.cancel()
        await joined.close()

    run(work)


def test_a_stop_gives_back_what_nobody_used() -> None:
    async def work() -> None:
        joined = Joined()
        joined.desk.control_there(joined.control.put_nowait)
        assert isinstance(await joined.answered(8), Taken)
        await joined.workers[0].close()
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(joined.desk.close())
        message = await joined.answer(0)
        assert [(each.key, each.count) for each in message.returns] == [(KEY, 7)]
        await closing

    run(work)


def test_what_could_not_be_booked_is_told_again_after_a_pause() -> None:
    async def work() -> None:
        joined = Joined()
        joined.desk.control_there(joined.control.put_nowait)
        assert isinstance(await joined.answered(8), Taken)
        use = Use("123456789012", "us-east-1", "plan", "other")
        for _ in range(5):
            assert isinstance(await joined.call(use), Taken)
        returned = used = 0
        asked_at = []
        while not (returned and used):
            message = await joined.answer(0, is_booked=False)
            asked_at.append(time.monotonic())
            returned += sum(each.count for each in message.returns)
            used += sum(each.count for each in message.uses)
        message = await joined.answer(0)
        assert time.monotonic() - asked_at[-1] >= 0.2
        assert sum(each.count for each in message.returns) == 7
        assert sum(each.count for each in message.uses) == 5
        await joined.close()

    run(work)


def test_what_comes_unasked_breaks_nothing() -> None:
    async def work() -> None:
        asking = Asking(lambda _: None)
        for message in (Forget(), Forget((KEY,)), LeasedBuckets(()), LeasedQuotas(())):
            asking.told(message)
        await asking.close()
        desk = LedgerDesk()
        desk.worker_gone(7)
        desk.asked(7, AskBuckets(()))
        desk.leased(LeasedQuotas(()))
        await desk.close()

    run(work)
