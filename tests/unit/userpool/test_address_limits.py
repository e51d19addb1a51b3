from __future__ import annotations

import asyncio
from ipaddress import ip_network

import pytest

from bargate.userpool.address_limits import PERIOD_S, AddressLimits
from bargate.wire.error import AwsError

P, HERE = "us-east-1_a", "203.0.113.9"
WRONG = AwsError("NotAuthorizedException", "Incorrect username or password.")


def prove(limits: AddressLimits, now_s: float, address: str = HERE, error: object = WRONG) -> str:
    """Look at one proof; gives how it was refused, "" if it was not."""
    try:
        with limits.proof(P, address, now_s):
            if isinstance(error, BaseException):
                raise error
    except AwsError as refused:
        return refused.message
    return ""


def test_wrong_proofs_are_counted_and_right_ones_are_not() -> None:
    limits = AddressLimits(3)
    for _ in range(10):
        assert prove(limits, 100.0, error=None) == ""
    assert {prove(limits, 100.0) for _ in range(3)} == {WRONG.message}
    assert prove(limits, 100.0, error=None) == "Password attempts exceeded"
    assert prove(limits, 100.0 + PERIOD_S - 1, error=None) == "Password attempts exceeded"
    assert prove(limits, 100.0 + PERIOD_S, error=None) == ""


@pytest.mark.parametrize("code", ["InvalidParameterException", "UserNotConfirmedException"])
def test_what_says_nothing_of_a_proof_is_not_counted(code: str) -> None:
    limits = AddressLimits(3)
    for _ in range(10):
        assert prove(limits, 100.0, error=AwsError(code, "so")) == "so"
    assert prove(limits, 100.0, error=None) == ""


def test_as_many_as_come_at_once_do_not_all_pass() -> None:
    limits = AddressLimits(3)
    held = [limits.proof(P, HERE, 100.0) for _ in range(3)]
    for each in held:
        each.__enter__()
    assert prove(limits, 100.0, error=None) == "Rate exceeded"  # nobody of them was wrong yet
    for each in held:
        each.__exit__(None, None, None)
    assert prove(limits, 100.0, error=None) == ""
    assert not limits._counts


def test_wrong_ones_and_those_that_are_looked_at_count_together() -> None:
    limits = AddressLimits(3)
    assert {prove(limits, 100.0) for _ in range(2)} == {WRONG.message}
    with limits.proof(P, HERE, 100.0):
        assert prove(limits, 100.0) == "Rate exceeded"
    assert prove(limits, 100.0) == WRONG.message
    assert prove(limits, 100.0, error=None) == "Password attempts exceeded"


def test_one_who_goes_away_before_the_answer_is_counted() -> None:
    limits = AddressLimits(1)
    with pytest.raises(asyncio.CancelledError):
        prove(limits, 100.0, error=asyncio.CancelledError())
    assert prove(limits, 100.0, error=None) == "Password attempts exceeded"


def test_what_ends_in_another_period_takes_nothing_from_it() -> None:
    limits = AddressLimits(1)
    late = limits.proof(P, HERE, 100.0)
    late.__enter__()
    assert prove(limits, 100.0 + PERIOD_S) == WRONG.message
    late.__exit__(None, None, None)
    assert prove(limits, 101.0 + PERIOD_S, error=None) == "Password attempts exceeded"


@pytest.mark.parametrize(
    ("address", "same"),
    [
        (HERE, "::ffff:203.0.113.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("fe80::1%eth0", "fe80::2%eth1"),
    ],
)
def test_addresses_of_one_place_are_counted_together(address: str, same: str) -> None:
    limits = AddressLimits(1)
    prove(limits, 100.0, address)
    assert prove(limits, 100.0, same, None) == "Password attempts exceeded"


@pytest.mark.parametrize("other", ["203.0.113.10", "2001:db8:1:3::1", "unknown"])
def test_other_places_and_pools_are_counted_apart(other: str) -> None:
    limits = AddressLimits(1)
    prove(limits, 100.0)
    prove(limits, 100.0, "2001:db8:1:2::1")
    assert prove(limits, 100.0, other, None) == ""
    limits.take("codes", P, HERE, 100.0)
    limits.take("sign_ups", P, HERE, 100.0)
    limits.take("codes", "us-east-1_b", HERE, 100.0)
    with pytest.raises(AwsError) as refused:
        limits.take("codes", P, HERE, 100.0)
    assert refused.value.code == "TooManyRequestsException"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", ""])
def test_proxies_this_machine_and_administrators_are_not_counted(address: str) -> None:
    shared = [ip_network(each) for each in ("127.0.0.0/8", "::1/128", "10.1.0.0/16")]
    limits = AddressLimits(1, shared)
    for _ in range(3):
        assert prove(limits, 100.0, address) == WRONG.message
        limits.take("codes", P, address, 100.0)


def test_without_a_limit_nothing_is_counted() -> None:
    limits = AddressLimits(None)
    for _ in range(500):
        assert prove(limits, 100.0) == WRONG.message
    assert not limits._counts


def test_what_is_remembered_is_bounded() -> None:
    limits = AddressLimits(5, max_counts=10)
    for number in range(100):
        prove(limits, 100.0, f"203.0.113.{number}")
    assert len(limits._counts) == 10
