"""Token buckets across workers: never more than the limit, and nearly all of it."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.ledger.bucket import LeasedBucket
from bargate.ledger.counters import Lacking, Spent, Taken, Unreachable
from bargate.ledger.messages import BucketAsk, BucketLease
from ledger_simulation import Bucket, Ledger, passes

WORKERS = 3
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("call"), st.integers(0, WORKERS - 1), st.integers(1, 60)),
        st.tuples(st.just("kill"), st.integers(0, WORKERS - 1), st.just(0)),
        st.tuples(st.just("ask"), st.integers(0, WORKERS - 1), st.just(0)),
        st.tuples(st.just("tick"), st.just(0), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.just(0), st.integers(1, 300)),
        st.tuples(st.just("sweep"), st.just(0), st.just(0)),
    ),
    max_size=120,
)


def most_in_any_window(times: list[float], rate: float, burst: int) -> float:
    """How far uses come above burst + rate · T in the worst window; at most 0 is right."""
    return max(
        (at - begun + 1 - burst - rate * (times[at] - times[begun])
         for begun in range(len(times)) for at in range(begun, len(times))),
        default=0.0,
    )  # fmt: skip


def _happens(ledger: Ledger, bucket: Bucket, what: str, worker: int, count: int) -> None:
    match what:
        case "kill":
            ledger.kill(worker)
        case "ask":
            ledger.workers[worker].expect((bucket,), ledger.wall, is_quota=False)
            ledger.ask(worker)
        case "tick":
            ledger.tick(count / 20)
        case "wait":  # everybody hangs: nothing is swept, nothing returned
            ledger.instant += count / 100
        case "sweep":
            ledger.buckets.sweep(ledger.instant)


@settings(max_examples=300, deadline=None)
@given(_STEPS, st.sampled_from([0.5, 3.0, 10.0, 100.0]), st.integers(1, 40))
def test_no_window_ever_sees_more_than_burst_and_rate(steps, rate, burst) -> None:
    ledger = Ledger(WORKERS)
    bucket = Bucket("b", rate, burst)
    used: list[float] = []
    for what, worker, count in steps:
        if what == "call":
            passed = sum(passes(ledger.call(worker, bucket)) for _ in range(count))
            used += [ledger.instant] * passed
        else:
            _happens(ledger, bucket, what, worker, count)
    assert most_in_any_window(used, rate, burst) <= 1e-3


@pytest.mark.parametrize(
    ("rate", "burst"), [(100.0, 20), (10.0, 10), (1_000.0, 100), (50.0, 200), (2.5, 3)]
)
def test_nearly_all_of_a_limit_is_let_through(rate, burst) -> None:
    ledger = Ledger(4)
    bucket = Bucket("b", rate, burst)
    admitted, seconds = 0, 20.0
    end, next_tick, turn = ledger.instant + seconds, ledger.instant + 0.25, 0
    begun = ledger.instant
    while ledger.instant < end:
        for _ in range(4):
            turn += 1
            admitted += passes(ledger.call(turn % 4, bucket))
        ledger.instant += 1 / 1_000
        ledger.wall += 1 / 1_000
        if ledger.instant >= next_tick:
            ledger.tick(0)
            next_tick += 0.25
    most = burst + rate * (ledger.instant - begun)
    assert most * 0.98 - 1 <= admitted <= most


def test_what_one_worker_does_not_use_others_get() -> None:
    ledger = Ledger(4)
    bucket = Bucket("b", 0.001, 100)
    assert passes(ledger.call(0, bucket))  # and holds some more
    admitted = 1
    for _ in range(12):
        while passes(ledger.call(1, bucket)):
            admitted += 1
        ledger.tick()
    assert admitted == 100


def test_an_overloaded_bucket_costs_no_question_a_call() -> None:
    ledger = Ledger(1)
    bucket = Bucket("b", 1.0, 1)
    assert passes(ledger.call(0, bucket))
    spent = ledger.call(0, bucket)
    assert isinstance(spent, Spent)
    assert spent.limit == bucket
    assert 0.9 < spent.retry_after_s <= 1.0
    leases = ledger.workers[0]
    assert all(isinstance(leases.take((bucket,), ledger.wall), Spent) for _ in range(1_000))
    assert not leases.ask_buckets()
    ledger.instant += 1.0
    assert passes(ledger.call(0, bucket))


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 0), (0.0, 5), (5.0, 0)])
def test_nothing_passes_a_bucket_of_nothing(rate, burst) -> None:
    ledger = Ledger(1)
    bucket = Bucket("b", rate, burst)
    for _ in range(20):
        counted = ledger.call(0, bucket)
        assert isinstance(counted, Spent)
        assert counted.retry_after_s == inf
        ledger.tick(3600)
    assert not len(ledger.buckets)


def test_of_several_limits_all_are_taken_or_none() -> None:
    ledger = Ledger(1)
    wide, narrow = Bucket("wide", 0.001, 50), Bucket("narrow", 0.001, 3)
    assert sum(passes(ledger.call(0, wide, narrow)) for _ in range(20)) == 3
    assert sum(passes(ledger.call(0, wide)) for _ in range(100)) == 47


def test_a_limit_that_changes_keeps_its_proportion() -> None:
    ledger = Ledger(2)
    old, larger, smaller = (Bucket("b", 0.001, burst) for burst in (100, 1_000, 10))
    assert sum(passes(ledger.call(0, old)) for _ in range(50)) == 50
    ledger.tick()
    ledger.tick()
    ledger.tick()  # what was held is given back
    assert sum(passes(ledger.call(0, larger)) for _ in range(2_000)) in range(490, 501)
    assert sum(passes(ledger.call(1, smaller)) for _ in range(20)) == 0


def test_a_changed_limit_never_gives_more_than_its_burst() -> None:
    ledger = Ledger(1)
    assert passes(ledger.call(0, Bucket("b", 10.0, 1_000)))
    for _ in range(3):
        ledger.tick()
    small = Bucket("b", 0.001, 5)
    assert sum(passes(ledger.call(0, small)) for _ in range(50)) in (4, 5)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=40))
def test_a_use_that_is_told_late_is_as_if_told_at_once(uses) -> None:
    at_once, late = (LeasedBucket(Bucket("b", 4.0, 10)) for _ in range(2))
    for bucket in (at_once, late):
        bucket.outstanding = len(uses)
    for when, _ in sorted(uses):
        at_once.used(1, when)
    for when, _ in sorted(uses, key=lambda use: use[0] + use[1]):
        late.used(1, when)
    assert late.full_at >= at_once.full_at - 1e-9


def test_a_worker_that_hung_holds_nothing_any_more() -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 1.0, 10)
    assert passes(ledger.call(0, bucket))
    ledger.instant += 60.0
    assert isinstance(ledger.workers[0].take((bucket,), ledger.wall), Lacking)
    ledger.buckets.sweep(ledger.instant)
    ledger.buckets.sweep(ledger.instant)
    lease = ledger.buckets.ask(0, (BucketAsk(bucket, 0, 0, 1, 0, 0.0),), ledger.instant)[0]
    assert lease.is_void


def test_buckets_that_are_full_are_forgotten() -> None:
    ledger = Ledger(1)
    for number in range(500):
        ledger.call(0, Bucket(str(number), 10.0, 5))
    assert len(ledger.buckets) == 500
    for _ in range(20):
        ledger.tick()
    assert len(ledger.buckets) == 0
    assert not ledger.workers[0]._held


def test_a_ledger_that_is_silent_is_not_waited_for() -> None:
    ledger = Ledger(1)
    ledger.is_hung = ledger.workers[0].is_silent = True
    assert isinstance(ledger.call(0, Bucket("b", 1.0, 1)), Unreachable)
    assert ledger.workers[0].counts().unreachable == 1


def test_calls_pass_without_ledger_where_the_operator_says_so(caplog) -> None:
    ledger = Ledger(1, "allow")
    bucket, closed = Bucket("b", 1.0, 1), Bucket("closed", 0.0, 0)
    ledger.is_hung = ledger.workers[0].is_silent = True
    assert all(isinstance(ledger.call(0, bucket), Taken) for _ in range(100))
    assert isinstance(ledger.call(0, bucket, closed), Spent)
    assert len(caplog.records) == 1
    assert ledger.workers[0].counts().unleased == 100


def test_what_a_dead_worker_held_is_used_and_then_comes_again() -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 10.0, 40)
    assert passes(ledger.call(0, bucket))  # and holds some more
    ledger.kill(0)
    assert sum(passes(ledger.call(1, bucket)) for _ in range(60)) in range(25, 39)
    for _ in range(40):
        ledger.tick()
    assert sum(passes(ledger.call(1, bucket)) for _ in range(60)) == 40
    for _ in range(40):
        ledger.tick()
    assert not len(ledger.buckets)


def test_what_a_silent_worker_held_is_used_and_then_comes_again() -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 10.0, 40)
    assert passes(ledger.call(0, bucket))
    for _ in range(200):
        ledger.instant += 0.1
        ledger.buckets.sweep(ledger.instant)
    assert sum(passes(ledger.call(1, bucket)) for _ in range(60)) == 40


def test_what_is_held_may_be_used_until_the_ledger_takes_it_for_used() -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 100.0, 40)
    assert passes(ledger.call(0, bucket))
    for _ in range(19):  # nothing is heard of the worker for as long as it may use what it holds
        ledger.instant += 0.1
        ledger.buckets.sweep(ledger.instant)
    passed = sum(passes(ledger.call(worker, bucket)) for worker in (0, 1) for _ in range(60))
    assert passed <= 40


def test_one_worker_does_not_hold_what_others_could_use() -> None:
    ledger = Ledger(2)
    bucket = Bucket("b", 0.001, 16)
    assert passes(ledger.call(0, bucket))
    assert sum(passes(ledger.call(1, bucket)) for _ in range(20)) >= 13


def test_a_void_lease_is_used_no_more() -> None:
    ledger = Ledger(1)
    bucket = Bucket("b", 1.0, 40)
    assert passes(ledger.call(0, bucket))
    leases = ledger.workers[0]
    leases._due[False][leases._held[bucket]] = None
    (ask,) = leases.ask_buckets()
    assert ask.held > 0
    leases.leased_buckets((BucketLease(0, 0.0, is_void=True),))
    assert isinstance(leases.take((bucket,), ledger.wall), Lacking)


def test_what_was_held_for_too_long_is_not_said_to_be_held() -> None:
    ledger = Ledger(1)
    bucket = Bucket("b", 1.0, 40)
    assert passes(ledger.call(0, bucket))
    ledger.instant += 60.0
    leases = ledger.workers[0]
    leases.expect((bucket,), ledger.wall, is_quota=False)
    (ask,) = leases.ask_buckets()
    assert ask.held == 0
