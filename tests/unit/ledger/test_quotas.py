"""Quotas across workers, kills and clock steps: never more than the limit, and all of it."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.ledger.counters import Spent, Unreachable
from bargate.ledger.messages import QuotaAsk
from ledger_simulation import NOON, Bucket, Ledger, Quota, Use, passes

DAY_S = 86_400.0
HOUR_S = 3_600.0
WORKERS = 3


def spend(ledger: Ledger, quota: Quota, calls: int = 200) -> int:
    return sum(passes(ledger.call(at % len(ledger.workers), quota)) for at in range(calls))


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, WORKERS - 1), st.integers(1, 15)),
        st.tuples(st.just("kill"), st.integers(0, WORKERS - 1), st.just(0)),
        st.tuples(st.just("control dies"), st.just(0), st.just(0)),
        st.tuples(st.just("answer is lost"), st.integers(0, WORKERS - 1), st.just(0)),
        st.tuples(st.just("control is back"), st.just(0), st.just(0)),
        st.tuples(st.just("everything dies"), st.just(0), st.just(0)),
        st.tuples(st.just("tick"), st.just(0), st.integers(1, 8)),
        st.tuples(st.just("clock"), st.just(0), st.integers(-2, 2)),
    ),
    max_size=80,
)


@settings(max_examples=150, deadline=None)
@given(_STEPS, st.integers(1, 60))
def test_no_day_ever_sees_more_than_the_quota(steps, limit) -> None:
    ledger = Ledger(WORKERS)
    (quota,) = ledger.plan(limit)
    passed = 0
    for what, worker, count in steps:
        if what == "call":
            passed += sum(passes(ledger.call(worker, quota)) for _ in range(count))
        elif what == "clock":
            # Steps within the hour, and never into the next day: one day's quota is all there is.
            ledger.wall = min(
                max(ledger.wall + count * HOUR_S, NOON - 6 * HOUR_S), NOON + 6 * HOUR_S
            )
        else:
            _happens(ledger, quota, what, worker, count)
    assert passed <= limit
    assert passed <= sum(ledger.used().values()) <= limit


def _happens(ledger: Ledger, quota: Quota, what: str, worker: int, count: int) -> None:
    match what:
        case "kill":
            ledger.kill(worker)
        case "control dies":
            ledger.has_control = False
        case "control is back":
            ledger.has_control = True
        case "answer is lost":
            ledger.pool.want(_ask(quota), ledger.instant)
            ledger.settle(is_answer_lost=True)
        case "everything dies":
            ledger.die()
        case "tick":
            ledger.tick(count / 8)


def _ask(quota: Quota) -> QuotaAsk:
    return QuotaAsk(quota, 3, 3)


@pytest.mark.parametrize("limit", [1, 7, 100, 5_000])
def test_all_of_a_quota_is_let_through(limit) -> None:
    ledger = Ledger(4)
    (quota,) = ledger.plan(limit)
    passed = 0
    for _ in range(12):
        passed += spend(ledger, quota, limit)
        ledger.tick()
    assert passed == limit
    assert ledger.used() == {"2026-11-27": limit}
    spent = ledger.call(0, quota)
    assert isinstance(spent, Spent)
    assert 0 < spent.retry_after_s <= 12 * HOUR_S


def test_a_quota_that_is_hardly_used_is_counted_exactly_at_once() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(1_000)
    for call in range(1, 12):
        assert passes(ledger.call(call % 2, quota))
        assert ledger.used() == {"2026-11-27": call}


def test_what_was_leased_and_not_used_comes_back() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(10_000)
    for _ in range(8):
        spend(ledger, quota, 100)
        ledger.tick()
    assert ledger.used()["2026-11-27"] >= 800
    for _ in range(120):
        ledger.tick()
    assert ledger.used() == {"2026-11-27": 800}
    assert not len(ledger.pool)


def test_a_stop_gives_everything_back() -> None:
    ledger = Ledger(3)
    (quota,) = ledger.plan(10_000)
    spend(ledger, quota, 300)
    assert ledger.used()["2026-11-27"] > 300
    for number, leases in enumerate(ledger.workers):
        leases.give_all_back()
        ledger.ask(number)
    ledger.pool.give_all_back()
    ledger.settle()
    assert ledger.used() == {"2026-11-27": 300}


def test_a_kill_loses_no_more_than_what_was_leased() -> None:
    ledger = Ledger(4)
    (quota,) = ledger.plan(10_000)
    spend(ledger, quota, 4_000)
    before = ledger.used()["2026-11-27"]
    for worker in range(4):
        ledger.kill(worker)
    for _ in range(8):
        ledger.tick()
    assert 4_000 <= ledger.used()["2026-11-27"] <= before


def test_workers_go_on_while_the_control_process_is_away() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(10_000)
    for _ in range(4):
        spend(ledger, quota, 400)
        ledger.tick()
    spend(ledger, quota, 400)
    ledger.has_control = False
    assert passes(ledger.call(0, quota))
    counted = [ledger.call(0, quota) for _ in range(10_000)]
    assert isinstance(counted[-1], Unreachable)
    ledger.has_control = True
    ledger.tick(1.0)
    assert passes(ledger.call(0, quota))


def test_a_clock_that_goes_back_over_midnight_grants_nothing_twice() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(50)
    assert spend(ledger, quota) == 50
    ledger.wall += 12 * HOUR_S + 60  # 00:01 of the 28th
    ledger.instant += 12 * HOUR_S + 60
    assert spend(ledger, quota, 20) == 20
    ledger.wall -= HOUR_S  # 23:01 of the 27th again
    ledger.tick()
    assert spend(ledger, quota) == 30
    assert ledger.used() == {"2026-11-27": 50, "2026-11-28": 50}
    ledger.wall += HOUR_S
    for _ in range(40):
        ledger.tick()
    assert spend(ledger, quota) == 0


def test_a_clock_that_went_a_day_ahead_and_back_locks_nobody_out_for_longer() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(50)
    assert spend(ledger, quota, 10) == 10
    ledger.wall += DAY_S
    for _ in range(24):
        ledger.tick()
    assert spend(ledger, quota, 10) == 10
    ledger.wall -= DAY_S
    for _ in range(24):
        ledger.tick()
    assert spend(ledger, quota) == 40  # the later day goes on: neither day's is granted twice
    ledger.wall += DAY_S
    ledger.instant += DAY_S
    assert spend(ledger, quota) == 0  # that day is used up
    ledger.wall += DAY_S
    ledger.instant += DAY_S
    assert spend(ledger, quota) == 50
    assert ledger.used() == {"2026-11-27": 10, "2026-11-28": 50, "2026-11-29": 50}


def test_what_was_leased_before_midnight_is_not_used_after_it() -> None:
    ledger = Ledger(1)
    (quota,) = ledger.plan(1_000)
    spend(ledger, quota, 300)
    held = ledger.used()["2026-11-27"] - 300
    assert held > 0
    ledger.wall = NOON + 12 * HOUR_S
    assert passes(ledger.call(0, quota))
    for _ in range(8):
        ledger.tick()
    assert ledger.used() == {"2026-11-27": 300, "2026-11-28": 1}


@pytest.mark.parametrize(("period", "days"), [("DAY", 1), ("WEEK", 3), ("MONTH", 4)])
def test_a_period_ends_when_it_does(period, days) -> None:
    # 2026-11-27 is a Friday.
    ledger = Ledger(2)
    (quota,) = ledger.plan(20, period)
    assert spend(ledger, quota) == 20
    ledger.wall += days * DAY_S - 12 * HOUR_S - 60
    ledger.instant += DAY_S
    counted = ledger.call(0, quota)
    assert isinstance(counted, Spent)
    assert counted.retry_after_s == pytest.approx(60)
    ledger.wall += 61
    ledger.instant += 61
    assert spend(ledger, quota) == 20


def test_an_offset_counts_in_the_first_period_only() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(20, "DAY", 15, date(2026, 11, 27))
    assert spend(ledger, quota) == 5
    ledger.wall += DAY_S
    ledger.instant += DAY_S
    assert spend(ledger, quota) == 20


def test_a_raised_quota_is_had_at_once_and_a_lowered_one_too() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(10)
    assert spend(ledger, quota) == 10
    (raised,) = ledger.plan(15)
    assert spend(ledger, raised) == 5
    (lowered,) = ledger.plan(5)
    assert spend(ledger, lowered) == 0


def test_what_is_forgotten_is_asked_for_again() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(10)
    assert spend(ledger, quota) == 10
    ledger.grant("key", 3)
    assert spend(ledger, quota) == 0
    ledger.forget()
    assert spend(ledger, quota) == 3


def test_what_remains_is_told() -> None:
    ledger = Ledger(1)
    (quota,) = ledger.plan(10)
    assert ledger.workers[0].remaining(quota) is None
    for call in range(10):
        assert passes(ledger.call(0, quota))
        assert ledger.workers[0].remaining(quota) == 9 - call


def test_use_without_a_quota_is_counted() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(10)
    use = Use(quota.account_id, quota.region, quota.usage_plan_id, quota.key_id)
    for call in range(1_000):
        assert passes(ledger.call(call % 2, use))
    for _ in range(3):
        ledger.tick()
    assert ledger.used() == {"2026-11-27": 1_000}
    for _ in range(3):
        ledger.tick()
    assert not ledger.workers[0]._held


def test_a_key_that_is_on_the_plan_no_more_gets_nothing() -> None:
    ledger = Ledger(1)
    (quota,) = ledger.plan(10)
    stranger = Quota(quota.account_id, quota.region, "plan", "other", quota.allowance)
    use = Use(quota.account_id, quota.region, "plan", "other")
    assert isinstance(ledger.call(0, stranger), Spent)
    assert passes(ledger.call(0, use))
    for _ in range(3):
        ledger.tick()
    assert ledger.used("other") == {}


def test_nothing_is_asked_for_twice() -> None:
    ledger = Ledger(1)
    (quota,) = ledger.plan(10)
    ledger.pool.want(_ask(quota), ledger.instant)
    (ask,) = ledger.pool.ask()[0]
    assert (ask.wanted, ask.waiting) == (3, 3)
    ledger.pool.want(_ask(quota), ledger.instant)
    assert ledger.pool.ask()[0] == ()
    ledger.pool.lost()
    ledger.pool.want(_ask(quota), ledger.instant)
    assert len(ledger.pool.ask()[0]) == 1


def test_thousands_of_keys_are_forgotten_when_they_are_idle() -> None:
    ledger = Ledger(2)
    keys = [f"key{number}" for number in range(2_000)]
    quotas = ledger.plan(100, "DAY", 0, date(2026, 1, 1), *keys)
    for quota in quotas:
        assert passes(ledger.call(0, quota))
    for _ in range(8):
        ledger.tick()
    assert not len(ledger.pool)
    assert not ledger.workers[0]._held
    assert not ledger.workers[0]._quotas


def test_what_a_bucket_refuses_takes_nothing_of_the_quota() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(100)
    bucket = Bucket("b", 0.001, 3)
    assert sum(passes(ledger.call(at % 2, bucket, quota)) for at in range(60)) == 3
    for _ in range(8):
        ledger.tick()
    assert ledger.used() == {"2026-11-27": 3}


def test_a_spent_quota_takes_nothing_of_the_bucket() -> None:
    ledger = Ledger(2)
    (quota,) = ledger.plan(3)
    bucket = Bucket("b", 0.001, 20)
    assert sum(passes(ledger.call(at % 2, bucket, quota)) for at in range(60)) == 3
    for _ in range(8):
        ledger.tick()
    assert sum(passes(ledger.call(0, bucket)) for _ in range(60)) == 17


@pytest.mark.parametrize("step_s", [DAY_S, -HOUR_S, -30 * DAY_S])
def test_a_clock_step_is_nothing_to_a_bucket(step_s) -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 1.0, 20)
    assert sum(passes(ledger.call(at % 2, bucket)) for at in range(60)) == 20
    ledger.wall += step_s
    assert sum(passes(ledger.call(at % 2, bucket)) for at in range(60)) == 0
    ledger.instant += 5.0
    assert sum(passes(ledger.call(at % 2, bucket)) for at in range(60)) == 5
