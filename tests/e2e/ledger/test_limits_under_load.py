"""Four worker processes hammer one limit: never more than it lets through, and nearly all of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bargate.ledger.counters import Bucket, Quota, Use
from bargate.model.quota import Allowance
from e2e.ledger.hammer import Orders
from e2e.ledger.hammered import ACCOUNT, REGION, Hammered, control, hammering

RATE, BURST = 200.0, 50


pytestmark = pytest.mark.alone  # it counts what passes in a time


def _most_over(times: list[float], rate: float, burst: int) -> float:
    """How far calls come above burst + rate · T in the worst window."""
    worst, low = 0.0, float("inf")
    for number, at in enumerate(times):
        low = min(low, number - rate * at)  # before this call
        worst = max(worst, number + 1 - rate * at - low - burst)
    return worst


def _with_quota(apigateway: Any, limit: int) -> Quota:
    plan = apigateway.create_usage_plan(name="p", quota={"limit": limit, "period": "MONTH"})
    key = apigateway.create_api_key(name="k", enabled=True)
    apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    today = datetime.now(UTC).date()
    allowance = Allowance(limit=limit, offset=0, period="MONTH", first_day=today)
    return Quota(ACCOUNT, REGION, plan["id"], key["id"], allowance)


def _used(apigateway: Any, quota: Quota | Use) -> tuple[int, int]:
    """Give what the key used, and what remains at the end of the last day, of two days' usage."""
    today = datetime.now(UTC).date()
    days = (date.fromordinal(today.toordinal() - 1).isoformat(), today.isoformat())
    usage = apigateway.get_usage(
        usagePlanId=quota.usage_plan_id, startDate=days[0], endDate=days[1]
    )
    rows = usage["items"][quota.key_id]
    return sum(used for used, _ in rows), rows[-1][1]


@pytest.mark.parametrize("pause_s", [0.002, 0.0])
def test_a_bucket_lets_through_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause_s: float
) -> None:
    async def run() -> list[float]:
        bucket = Bucket("b", RATE, BURST)
        orders = Orders(str(tmp_path / "times"), buckets=(bucket,), pause_s=pause_s)
        async with control(tmp_path) as (supervisor, keeper):
            async with hammering(supervisor, keeper, monkeypatch, orders) as running:
                await running.until(lambda: len(running.admitted()) > BURST)
                await asyncio.sleep(2.5)  # the load itself: there is no event to wait for
            return running.admitted()

    times = asyncio.run(run())
    seconds = times[-1] - times[0]
    assert _most_over(times, RATE, BURST) <= 0.01
    assert len(times) >= 0.98 * (BURST + RATE * seconds)


def test_a_bucket_goes_on_exactly_while_processes_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> list[float]:
        orders = Orders(str(tmp_path / "times"), buckets=(Bucket("b", RATE, BURST),), pause_s=0.002)
        async with (
            control(tmp_path) as (supervisor, keeper),
            hammering(supervisor, keeper, monkeypatch, orders) as running,
        ):
            for _ in range(4):
                await _until_more(running)
                _kill(running)
            _kill(running, running.control_id)
            await _until_more(running)
        return running.admitted()

    times = asyncio.run(run())
    assert len(times) > 5 * 50
    assert _most_over(times, RATE, BURST) <= 0.01


def _kill(running: Hammered, process_id: int | None = None) -> None:
    """Kill a process, any worker by default; it may be about to be started again."""
    with contextlib.suppress(ProcessLookupError, IndexError):
        os.kill(process_id or random.choice(running.worker_ids), signal.SIGKILL)


async def _until_more(running: Hammered, count: int = 50) -> None:
    before = len(running.admitted())
    await running.until(lambda: len(running.admitted()) >= before + count, 30.0)


def test_all_of_a_quota_is_let_through_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with control(tmp_path) as (supervisor, keeper):
            apigateway = (client := Hammered(supervisor, keeper, tmp_path)).client()
            quota = _with_quota(apigateway, 5_000)
            orders = Orders(str(tmp_path / "times"), quotas=(quota,), pause_s=0.001)
            async with hammering(supervisor, keeper, monkeypatch, orders) as running:
                await running.until(lambda: len(running.admitted()) == 5_000)
                used = await asyncio.to_thread(_used, apigateway, quota)
                assert used == (5_000, 0)
                await _granted_at_once(apigateway, quota, running)
            assert client.keeper is keeper

    asyncio.run(run())


async def _granted_at_once(apigateway: Any, quota: Quota, running: Hammered) -> None:
    """UpdateUsage reaches workers that remember "spent" within 100 ms (plus what a look takes)."""
    patch = [{"op": "replace", "path": "/remaining", "value": "100"}]
    await asyncio.to_thread(
        apigateway.update_usage,
        usagePlanId=quota.usage_plan_id,
        keyId=quota.key_id,
        patchOperations=patch,
    )
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await running.until(lambda: len(running.admitted()) == 5_100)
    assert loop.time() - begun < 0.5


@pytest.mark.parametrize("kills", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_a_quota_is_never_exceeded_while_processes_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    limit = 400 * kills

    async def run() -> tuple[int, int]:
        async with control(tmp_path) as (supervisor, keeper):
            apigateway = Hammered(supervisor, keeper, tmp_path).client()
            quota = _with_quota(apigateway, limit)
            orders = Orders(str(tmp_path / "times"), quotas=(quota,), pause_s=0.02)
            async with hammering(supervisor, keeper, monkeypatch, orders) as running:
                for number in range(kills):
                    await _until_more(running, 30)
                    _kill(running, running.control_id if number % 3 == 0 else None)
                used = await _used_up(running, apigateway, quota)
                return len(running.admitted()), used

    passed, used = asyncio.run(run())
    assert passed <= used <= limit
    assert passed >= limit - kills * 100


async def _used_up(running: Hammered, apigateway: Any, quota: Quota) -> int:
    """Wait until nothing is left and nothing more was admitted for a while; give what was used."""
    async with asyncio.timeout(60.0):
        while True:
            await running.until(lambda: _spent_since(running.admitted()) > 2.0, 60.0)
            # The control process may just be coming back: its socket waits for it.
            used, remaining = await asyncio.to_thread(_used, apigateway, quota)
            if remaining == 0:
                return used
            await asyncio.sleep(0.1)


def _spent_since(times: list[float]) -> float:
    return time.monotonic() - times[-1] if times else 0.0


def test_use_without_a_quota_shows_in_get_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with control(tmp_path) as (supervisor, keeper):
            apigateway = Hammered(supervisor, keeper, tmp_path).client()
            quota = _with_quota(apigateway, 1)
            use = Use(ACCOUNT, REGION, quota.usage_plan_id, quota.key_id)
            orders = Orders(str(tmp_path / "times"), uses=(use,), tasks=2, pause_s=0.01)
            async with hammering(supervisor, keeper, monkeypatch, orders) as running:
                await running.until(lambda: len(running.admitted()) > 200)
                await supervisor.stop(2.0)
                await supervisor.ledger.close()
                passed = len(running.admitted())
                used, _ = await asyncio.to_thread(_used, apigateway, use)
                assert used == passed

    asyncio.run(run())
