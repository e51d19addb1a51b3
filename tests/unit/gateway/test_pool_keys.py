from __future__ import annotations

import math
from typing import Any

import pytest

from bargate.access.key_directory import KeySource
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.gateway.pool_keys import PoolKeyDirectory
from bargate.model.user_pool import EndedTokens, PoolKey, PublishedPool
from unit.tokens.minting import jwk

ARN = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_Pool00001"
ISSUER = "https://auth.example.org/us-east-1_Pool00001"
SOURCE = KeySource(ISSUER)
FOREIGN = KeySource("https://elsewhere.example.org")
AT = 1_000_000


class Clock:
    now_s = float(AT)

    def __call__(self) -> float:
        return self.now_s


def published(*kids: str, **ends_at: float) -> PublishedPool:
    keys = []
    for kid in kids:
        key: dict[str, Any] = jwk(kid)
        keys.append(PoolKey(kid=kid, modulus=key["n"], exponent=key["e"], ends_at=ends_at.get(kid)))
    return PublishedPool(arn=ARN, issuer=ISSUER, keys=tuple(keys))


def ended(name: str, **fields: Any) -> EndedTokens:
    return EndedTokens(**{"issuer": ISSUER, "key": (name,), "sub": "ann", "at": AT} | fields)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def directory(clock: Clock) -> PoolKeyDirectory:
    made = PoolKeyDirectory(HttpKeyDirectory(fetch), clock)
    made.apply("user_pool/a", published("one", "two", one=AT + 10))
    return made


def test_keys_of_a_pool_are_found_and_never_fetched(directory: PoolKeyDirectory) -> None:
    assert directory.find(SOURCE, "one") is not None
    assert directory.find(SOURCE, "three") is None
    assert directory.find(SOURCE, None) is None
    assert not directory.may_fetch(SOURCE, AT)
    assert directory.may_fetch(FOREIGN, AT)
    assert (directory.issuer_of(ARN), directory.issuer_of(ARN + "x")) == (ISSUER, None)
    assert "one two" in directory.describe(SOURCE)
    assert "never fetched" in directory.describe(FOREIGN)


def test_a_key_verifies_nothing_from_its_end_on(directory: PoolKeyDirectory, clock: Clock) -> None:
    clock.now_s = AT + 9.9
    assert directory.find(SOURCE, "one") is not None
    clock.now_s = AT + 10
    assert directory.find(SOURCE, "one") is None
    assert directory.find(SOURCE, "two") is not None


def test_a_pool_that_changes_or_goes_leaves_nothing_behind(directory: PoolKeyDirectory) -> None:
    before = directory.generation
    directory.apply("user_pool/a", published("two"))
    assert directory.find(SOURCE, "one") is None
    assert directory.generation != before
    directory.apply("user_pool/a", None)
    assert directory.find(SOURCE, "two") is None
    assert directory.issuer_of(ARN) is None
    assert directory.may_fetch(SOURCE, AT)


@pytest.mark.parametrize(
    ("claims", "is_ended"),
    [
        ({"iat": AT - 1, "origin_jti": "new"}, True),
        ({"iat": AT, "origin_jti": "old"}, True),
        ({"iat": AT, "origin_jti": "new"}, False),
        ({"iat": AT}, True),
        ({"iat": AT + 1, "origin_jti": "old"}, False),
        ({}, True),
        ({"iat": math.nan}, True),
        ({"iat": AT + 1, "sub": "bob"}, False),
        ({"iat": AT - 1, "sub": "bob"}, False),
    ],
)
def test_a_sign_out_ends_what_was_issued_before(
    directory: PoolKeyDirectory, claims: dict[str, Any], is_ended: bool
) -> None:
    directory.apply("ended_tokens/1", ended("1", excepted=("new",)))
    assert directory.is_ended(ISSUER, {"sub": "ann"} | claims) is is_ended
    assert not directory.is_ended(FOREIGN.issuer, {"sub": "ann"} | claims)
    directory.apply("ended_tokens/1", None)
    assert not directory.is_ended(ISSUER, {"sub": "ann"} | claims)


def test_a_revocation_ends_one_family(directory: PoolKeyDirectory) -> None:
    directory.apply("ended_tokens/1", ended("1", origin="one"))
    directory.apply("ended_tokens/2", ended("2", origin="two"))
    claims = {"sub": "ann", "iat": AT + 100}
    told = [
        directory.is_ended(ISSUER, claims | {"origin_jti": each}) for each in ("one", "two", "x")
    ]
    assert told == [True, True, False]
    assert not directory.is_ended(ISSUER, claims)
    directory.apply("ended_tokens/1", None)
    assert not directory.is_ended(ISSUER, claims | {"origin_jti": "one"})
    assert directory.is_ended(ISSUER, claims | {"origin_jti": "two"})
