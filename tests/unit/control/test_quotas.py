"""The store's end of the ledger: when "nothing is left" is to be forgotten, and a failing store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from bargate.control.quotas import Quotas
from bargate.gateway.channel import AskQuotas, Forget, LeasedQuotas
from bargate.ledger.counters import Quota
from bargate.ledger.messages import QuotaAsk, QuotaReturn, quota_key
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.usage_record import USAGE_RECORD
from bargate.store.interface import Transaction
from ledger_simulation import PLACE, Ledger

Change = Callable[[Transaction, Quota], Any]


def _granted(tx: Transaction, quota: Quota) -> None:
    (record,) = tx.list(USAGE_RECORD, quota_key(quota))
    tx.update(USAGE_RECORD, USAGE_RECORD.key_of(record), lambda found: replace(found, granted=5))


def _raised(tx: Transaction, quota: Quota) -> None:
    def change(plan):
        return replace(plan, quota=replace(plan.quota, limit=100))

    tx.update(USAGE_PLAN, (*PLACE, "plan"), change)


def _taken_off(tx: Transaction, quota: Quota) -> None:
    tx.delete(USAGE_PLAN_KEY, quota_key(quota))


class Served:
    """`Quotas` on a real store; `posted` is what the supervisor is told."""

    def __init__(self, limit: int = 3) -> None:
        ledger = Ledger(1)
        self.store = ledger.store
        (self.quota,) = ledger.plan(limit)
        self.posted: list[Struct] = []
        self.quotas = Quotas(self.store, self.posted.append)
        self.store.subscribe(self.quotas.committed)

    async def ask(self, wanted: int, *returns: QuotaReturn) -> LeasedQuotas:
        await self.quotas.answer(AskQuotas((QuotaAsk(self.quota, wanted, wanted),), returns, ()))
        return [each for each in self.posted if isinstance(each, LeasedQuotas)][-1]

    @property
    def forgotten(self) -> list[Forget]:
        return [each for each in self.posted if isinstance(each, Forget)]


@pytest.mark.parametrize("change", [_granted, _raised, _taken_off])
def test_a_change_lets_nothing_left_be_forgotten(change: Change) -> None:
    async def run() -> None:
        served = Served()
        assert (await served.ask(5)).leases[0].granted == 3
        assert (await served.ask(1)).leases[0].granted == 0
        assert not served.forgotten
        await served.store.submit(lambda tx: change(tx, served.quota))
        assert served.forgotten == [Forget((quota_key(served.quota),))]

    asyncio.run(run())


def test_leases_of_others_are_not_told() -> None:
    async def run() -> None:
        served = Served(50)
        for _ in range(10):
            await served.ask(5)
        assert not served.forgotten

    asyncio.run(run())


def test_what_comes_back_is_told() -> None:
    async def run() -> None:
        served = Served()
        (lease,) = (await served.ask(3)).leases
        await served.ask(1)
        back = QuotaReturn(quota_key(served.quota), lease.day, 2)
        await served.quotas.answer(AskQuotas((), (back,), ()))
        assert served.forgotten == [Forget((quota_key(served.quota),))]

    asyncio.run(run())


def test_what_changes_while_an_answer_is_made_is_told_after_it() -> None:
    async def run() -> None:
        served = Served()
        await served.ask(3)
        asking = asyncio.ensure_future(served.ask(1))
        await asyncio.sleep(0)  # submitted: it sees nothing of what follows
        await served.store.submit(lambda tx: _granted(tx, served.quota))
        await asking
        assert isinstance(served.posted[-1], Forget)
        assert served.posted[-1].keys == (quota_key(served.quota),)

    asyncio.run(run())


def test_a_store_that_cannot_be_written_leases_nothing() -> None:
    async def run() -> None:
        served = Served()
        served.store.close()
        (lease,) = (await served.ask(1)).leases
        assert not lease.granted
        assert "cannot be counted" in lease.failure
        assert isinstance(served.posted[-1], LeasedQuotas)
        assert not served.posted[-1].is_booked

    asyncio.run(run())


def test_returns_never_lower_below_nothing() -> None:
    async def run() -> None:
        served = Served()
        (lease,) = (await served.ask(1)).leases
        await served.ask(0, QuotaReturn(quota_key(served.quota), lease.day, 1_000))
        assert (await served.ask(100)).leases[0].granted == 3
        nowhere = QuotaReturn((*PLACE, "plan", "stranger"), "2026-01-01", 5)
        await served.quotas.answer(AskQuotas((), (nowhere,), ()))
        assert isinstance(served.posted[-1], LeasedQuotas)

    asyncio.run(run())
