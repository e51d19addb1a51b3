"""What is remembered of tokens that were ended: no longer than needed, and never too much."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bargate.records.pool_refresh_token import RefreshFamily
from bargate.records.pool_revocation import POOL_REVOCATION, PoolRevocation
from bargate.records.pool_user import PoolUser
from bargate.store.interface import Store
from bargate.store.sqlite import SqliteStore
from bargate.userpool.revocation import LONGEST_TOKEN, end_all, end_one, except_new

NOW = datetime(2026, 4, 7, 9, 5, 3, 250_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def store() -> Iterator[Store]:
    store = SqliteStore()
    yield store
    store.close()


def user(sub: str = "ann", since: datetime | None = None, pool_id: str = "p") -> PoolUser:
    return PoolUser(
        pool_id=pool_id,
        sub=sub,
        username=sub,
        case_sensitive=True,
        attributes={},
        status="CONFIRMED",
        created_at=NOW,
        modified_at=NOW,
        tokens_valid_from=since,
    )


def family(name: str, sub: str = "ann") -> RefreshFamily:
    return RefreshFamily(
        pool_id="p",
        sub=sub,
        id=name,
        client_id="c",
        digest=name,
        authenticated_at=NOW,
        expires_at=NOW,
        scope="s",
    )


def kept(store: Store, pool_id: str = "p") -> list[PoolRevocation]:
    return store.read(lambda tx: tx.list(POOL_REVOCATION, (pool_id,)))


def test_a_revocation_is_kept_as_long_as_a_token_can_be_valid(store: Store) -> None:
    store.write(lambda tx: end_one(tx, family("f"), NOW))
    (found,) = kept(store)
    assert (found.origin, found.at, found.ends_at) == ("f", NOW, NOW + LONGEST_TOKEN)
    store.write(lambda tx: end_one(tx, family("g"), NOW + LONGEST_TOKEN))
    assert [each.origin for each in kept(store)] == ["f", "g"]  # at its end it still holds
    store.write(lambda tx: end_one(tx, family("h"), NOW + LONGEST_TOKEN + SECOND))
    assert [each.origin for each in kept(store)] == ["g", "h"]


def test_each_new_one_sweeps_out_a_few_that_ended_the_oldest_first(store: Store) -> None:
    for number in range(40):
        moment = NOW + number * SECOND
        store.write(lambda tx, n=number, at=moment: end_one(tx, family(f"f{n:02}"), at))  # type: ignore[misc]
    later = NOW + LONGEST_TOKEN + 100 * SECOND
    store.write(lambda tx: end_one(tx, family("x"), later))
    assert [each.origin for each in kept(store)] == [f"f{n:02}" for n in range(16, 40)] + ["x"]
    for number in range(2):
        store.write(lambda tx, n=number: end_one(tx, family(f"y{n}"), later))  # type: ignore[misc]
    assert [each.origin for each in kept(store)] == ["x", "y0", "y1"]


def test_another_pools_are_left_alone(store: Store) -> None:
    store.write(lambda tx: end_all(tx, user(pool_id="q"), NOW))
    store.write(lambda tx: end_all(tx, user(), NOW + 2 * LONGEST_TOKEN))
    assert len(kept(store, "q")) == 1


def test_a_sign_out_takes_the_place_of_all_that_was_ended_before(store: Store) -> None:
    for name in ("f", "g"):
        store.write(lambda tx, name=name: end_one(tx, family(name), NOW))  # type: ignore[misc]
    store.write(lambda tx: end_one(tx, family("h", "ben"), NOW))
    store.write(lambda tx: end_all(tx, user(), NOW + SECOND))
    assert sorted((each.sub, each.origin) for each in kept(store)) == [("ann", ""), ("ben", "h")]
    store.write(lambda tx: end_all(tx, user(), NOW + 2 * SECOND))
    (mine,) = [each for each in kept(store) if each.sub == "ann"]
    assert mine.at == NOW + 2 * SECOND


def test_what_is_ended_twice_is_kept_once(store: Store) -> None:
    for _ in range(2):
        store.write(lambda tx: end_one(tx, family("f"), NOW))
    assert len(kept(store)) == 1


def test_a_sign_in_within_the_second_of_a_sign_out_stands(store: Store) -> None:
    store.write(lambda tx: end_all(tx, user(), NOW))
    signed_out = user(since=NOW)
    store.write(lambda tx: except_new(tx, signed_out, "soon", NOW + SECOND / 2))
    store.write(lambda tx: except_new(tx, signed_out, "late", NOW + SECOND))
    store.write(lambda tx: except_new(tx, user(), "never", NOW))
    assert [each.excepted for each in kept(store)] == [("soon",)]


def test_no_more_than_a_few_stand_within_a_second(store: Store) -> None:
    store.write(lambda tx: end_all(tx, user(), NOW))
    for number in range(40):
        name = f"f{number}"
        store.write(lambda tx, name=name: except_new(tx, user(since=NOW), name, NOW))  # type: ignore[misc]
    assert len(kept(store)[0].excepted) == 16
