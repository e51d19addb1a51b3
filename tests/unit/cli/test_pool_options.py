from __future__ import annotations

import asyncio
from typing import Any

import click
import pytest
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.cli.pool_options import pool_options
from bargate.control.first_start import sealing_keys
from bargate.control.pools import make_pools
from bargate.settings import PoolSettings
from bargate.userpool.find import pool_of_id
from bargate.userpool.password_schemes import argon2, check_hash


def cost_of(*arguments: str) -> Any:
    """Give what --password-cost is read as."""
    found: list[Any] = []

    @click.command()
    @pool_options
    def command(password_cost: Any, **_: Any) -> None:
        found.append(password_cost)

    command.main(arguments, standalone_mode=False)
    return found[0]


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("m=65536,t=3,p=4", (65_536, 3, 4)),
        ("m=7168,t=5,p=1", (7_168, 5, 1)),
        ("m=262144,t=4,p=16", (262_144, 4, 16)),
    ],
)
def test_a_cost_is_read_as_hashes_write_it(text: str, cost: tuple[int, int, int]) -> None:
    assert cost_of("--password-cost", text) == cost
    check_hash(f"$argon2id$v=19${text}${'A' * 22}${'A' * 43}")  # what is exported can be imported
    assert cost_of() is None


@pytest.mark.parametrize(
    "text",
    [
        "m=7167,t=6,p=1",
        "m=7168,t=4,p=1",
        "m=262145,t=1,p=1",
        "m=262144,t=5,p=1",
        "m=65536,t=3,p=17",
        "m=65536,t=3,p=0",
        "m=65536,t=0,p=1",
        "m=65536,t=3",
        "t=3,m=65536,p=1",
        "m=65536,t=3,p=1,p=2",
        "65536,3,1",
        "",
    ],
)
def test_a_cost_out_of_bounds_is_refused_with_the_bounds(text: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        cost_of("--password-cost", text)
    assert argon2.BOUNDS in refused.value.message


def test_a_hash_of_another_cost_is_replaced_by_one_of_the_cost_that_is_given() -> None:
    with Endpoint() as endpoint:
        idp = endpoint.client("cognito-idp")
        id_ = idp.create_user_pool(PoolName="p")["UserPool"]["Id"]
        keys = endpoint.store.read(sealing_keys)
        costly = replace(endpoint.settings, pools=PoolSettings(password_cost=(7_168, 5, 2)))
        usual, given = (
            make_pools(each, endpoint.store, keys) for each in (endpoint.settings, costly)
        )
        pool = endpoint.store.read(lambda tx: pool_of_id(tx, id_))

        async def hashed() -> None:
            before = (await usual.hasher.proofs(pool, "ann", "secret")).hash
            assert before.reveal().startswith("$argon2id$v=19$m=19456,t=2,p=1$")
            assert await given.hasher.matches(before, "secret")
            assert given.hasher.needs_renewal(before)
            after = (await given.hasher.proofs(pool, "ann", "secret")).hash
            assert after.reveal().startswith("$argon2id$v=19$m=7168,t=5,p=2$")
            assert not given.hasher.needs_renewal(after)

        asyncio.run(hashed())
