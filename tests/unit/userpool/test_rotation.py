from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.endpoint import Endpoint

from bargate.control.first_start import sealing_keys
from bargate.control.pools import make_pools
from bargate.records.pool_signing_key import POOL_SIGNING_KEY
from bargate.userpool.keys import Keyring, PoolKeys
from bargate.userpool.pools import Pools
from bargate.userpool.rotation import Rotated, rotate
from bargate.wire.error import AwsError

HOUR = timedelta(hours=1)
SKEW_S = 5.0


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture
def pool(endpoint: Endpoint) -> str:
    made: dict[str, Any] = endpoint.client("cognito-idp").create_user_pool(PoolName="p")
    return str(made["UserPool"]["Id"])


@pytest.fixture
def pools(endpoint: Endpoint) -> Pools:
    return make_pools(
        endpoint.settings, endpoint.store, endpoint.store.read(sealing_keys), endpoint.now
    )


def rotated(pools: Pools, pool: str, lead: timedelta = HOUR, *, at_once: bool = False) -> Rotated:
    return asyncio.run(rotate(pools, pool, lead, at_once=at_once))


def keys_at(pools: Pools, pool: str, seconds: float) -> PoolKeys:
    return pools.store.read(lambda tx: Keyring(lambda: seconds).of(tx, pool))


def test_new_keys_are_published_first_then_sign_and_old_ones_end_last(
    pools: Pools, pool: str
) -> None:
    now_s = pools.clock().timestamp()
    old = {each.record.kid for each in keys_at(pools, pool, now_s).signing.values()}
    done = rotated(pools, pool)
    new = set(done.kids)
    starts_s, ends_s = done.starts_at.timestamp(), done.ends_at.timestamp()
    assert (done.ends_at - done.starts_at, old & new) == (timedelta(days=1), set())
    for seconds, signing, published in (
        (now_s + SKEW_S, old, old | new),
        (starts_s - 1, old, old | new),
        (starts_s, new, old | new),
        (ends_s - 1, new, old | new),
        (ends_s, new, new),
    ):
        keys = keys_at(pools, pool, seconds)
        assert {each.record.kid for each in keys.signing.values()} == signing
        assert {each["kid"] for each in keys.key_set()["keys"]} == published


def test_a_keyring_that_has_loaded_turns_by_itself(pools: Pools, pool: str) -> None:
    done = rotated(pools, pool)
    times = [done.starts_at.timestamp() - 1]
    keyring = Keyring(lambda: times[-1])

    def signing() -> set[str]:
        found = pools.store.read(lambda tx: keyring.of(tx, pool)).signing
        return {each.record.kid for each in found.values()}

    assert signing().isdisjoint(done.kids)
    times.append(done.starts_at.timestamp())
    assert signing() == set(done.kids)


def test_a_rotation_under_way_is_not_overtaken_but_by_an_emergency(pools: Pools, pool: str) -> None:
    first = rotated(pools, pool)
    with pytest.raises(AwsError, match="rotated already"):
        rotated(pools, pool, timedelta(0))
    emergency = rotated(pools, pool, at_once=True)
    kept = pools.store.read(lambda tx: tx.list(POOL_SIGNING_KEY, (pool,)))
    assert {each.kid for each in kept} == set(emergency.kids)
    assert set(first.kids).isdisjoint(emergency.kids)


def test_keys_that_ended_are_swept_and_ends_never_move_back(pools: Pools, pool: str) -> None:
    first = rotated(pools, pool, timedelta(0))
    rotated(pools, pool, HOUR)
    kept = pools.store.read(lambda tx: tx.list(POOL_SIGNING_KEY, (pool,)))
    assert sorted(each.ends_at == first.ends_at for each in kept if each.ends_at) == [
        False, False, True, True,
    ]  # fmt: skip


def test_there_are_no_keys_without_a_pool(pools: Pools) -> None:
    with pytest.raises(AwsError, match="does not exist"):
        rotated(pools, "us-east-1_none")
