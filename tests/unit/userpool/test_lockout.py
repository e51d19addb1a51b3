from __future__ import annotations

import asyncio

import pytest

from bargate.userpool.lockout import MAX_AT_ONCE, Failures, Lockouts
from bargate.wire.error import AwsError

P = "us-east-1_a"


def fail(lockouts: Lockouts, now_s: float, name: str = "bob") -> None:
    with lockouts.attempt(P, name, now_s) as attempt:
        attempt.settle(is_right=False)


@pytest.mark.parametrize(
    ("failures", "lock_s"),
    [(4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (14, 512), (15, 900), (99, 900)],
)
def test_a_lock_doubles_from_the_fifth_failure_on(failures: int, lock_s: float) -> None:
    assert max(Failures(failures, 1000.0).locked_until_s() - 1000.0, 0) == lock_s


def test_attempts_under_a_lock_are_refused_and_do_not_extend_it() -> None:
    lockouts = Lockouts()
    for _ in range(5):
        fail(lockouts, 100.0)
    for _ in range(50):
        with pytest.raises(AwsError) as refused:
            fail(lockouts, 100.9)
        assert refused.value.message == "Password attempts exceeded"
    fail(lockouts, 101.0)
    with pytest.raises(AwsError):
        lockouts.check(P, "bob", 102.9)
    lockouts.check(P, "bob", 103.0)


def test_the_right_password_and_quiet_end_the_count() -> None:
    lockouts = Lockouts()
    for _ in range(4):
        fail(lockouts, 100.0)
    with lockouts.attempt(P, "bob", 100.0) as attempt:
        attempt.settle(is_right=True)
    for _ in range(4):
        fail(lockouts, 100.0)
    lockouts.check(P, "bob", 100.0)
    fail(lockouts, 1000.0)  # 15 quiet minutes later: the first one again
    lockouts.check(P, "bob", 1000.0)


def test_names_and_pools_are_counted_apart() -> None:
    lockouts = Lockouts()
    for _ in range(5):
        fail(lockouts, 100.0)
    lockouts.check(P, "alice", 100.0)
    lockouts.check("us-east-1_b", "bob", 100.0)


def test_many_guesses_at_once_are_not_all_looked_at() -> None:
    lockouts = Lockouts()
    held = [lockouts.attempt(P, "bob", 100.0) for _ in range(MAX_AT_ONCE)]
    attempts = [each.__enter__() for each in held]
    with pytest.raises(AwsError) as refused, lockouts.attempt(P, "bob", 100.0):
        raise AssertionError
    assert refused.value.code == "TooManyRequestsException"
    for each, attempt in zip(held, attempts, strict=True):
        attempt.settle(is_right=False)
        each.__exit__(None, None, None)
    with pytest.raises(AwsError):
        lockouts.check(P, "bob", 100.0 + 899)


def test_one_who_goes_away_before_the_answer_is_counted() -> None:
    lockouts = Lockouts()
    for _ in range(5):
        with pytest.raises(asyncio.CancelledError), lockouts.attempt(P, "bob", 100.0):
            raise asyncio.CancelledError
    with pytest.raises(AwsError):
        lockouts.check(P, "bob", 100.5)


def test_what_is_remembered_is_bounded() -> None:
    lockouts = Lockouts(max_names=10)
    for number in range(100):
        fail(lockouts, 100.0, str(number))
    assert len(lockouts._failures) == 10
    assert not lockouts._at_once
