from __future__ import annotations

import asyncio

from bargate.secret import Secret
from bargate.workload.lease import Lease
from bargate.workload.local import Given, NotReached


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def given(issued_at: int, duration_s: int = 3_600, key: str = "ASIA1") -> Given:
    return Given(
        access_key_id=key,
        secret_access_key=Secret("s"),
        session_token=Secret("t"),
        issued_at=issued_at,
        expires_at=issued_at + duration_s,
        role_arn="arn:aws:iam::000000000000:role/worker",
        account_id="000000000000",
        region="us-east-1",
        endpoint_url="http://127.0.0.1:4566",
    )


async def never() -> Given:
    raise AssertionError("not to be asked")


def test_what_is_told_to_clients_is_never_later_than_the_end() -> None:
    clock = Clock()
    start = int(clock.now)
    whole = Lease(given(start), never, None, clock)
    assert whole.told_expiration == start + 3_600
    often = Lease(given(start), never, 600, clock)
    assert often.told_expiration == start + 1_200
    very_often = Lease(given(start), never, 1, clock)
    assert very_often.told_expiration == start + 60
    clock.now += 3_590
    assert {each.told_expiration for each in (whole, very_often)} == {start + 3_600}
    assert whole.is_good
    clock.now += 10
    assert not whole.is_good


def test_credentials_stay_while_they_cannot_be_renewed() -> None:
    clock = Clock()
    clock.now += 1_800  # half of it is over
    asked = 0

    async def run() -> str:
        ready = asyncio.Event()

        async def obtain() -> Given:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise NotReached("down")
            ready.set()
            return given(int(clock.now), key="ASIA2")

        lease = Lease(given(1_000_000), obtain, None, clock)
        keeping = asyncio.create_task(lease.keep())
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        assert (lease.held.access_key_id, lease.is_good) == ("ASIA1", True)
        await asyncio.wait_for(ready.wait(), 10)
        await asyncio.sleep(0)
        keeping.cancel()
        return lease.held.access_key_id

    assert asyncio.run(run()) == "ASIA2"
    assert asked == 2
