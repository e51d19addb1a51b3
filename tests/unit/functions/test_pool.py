"""Processes shared out: the bound, who gets which, who is told, and what is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from bargate.functions.held import Held, Key
from bargate.functions.pool import IDLE_S, PATIENCE_S, Pool
from bargate.functions.waiting import PoolFull

ONE, TWO = Key("arn:one", "$LATEST", "r1"), Key("arn:two", "$LATEST", "r1")


class Process:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.is_usable = True
        self.is_ended = False

    async def end(self) -> None:
        await asyncio.sleep(0)
        if not self.is_ended:
            self.is_ended = True
            self._machine.living -= 1

    async def invoke(self, event: object) -> None:
        raise NotImplementedError


class Machine:
    """Counts the processes that live."""

    def __init__(self, limit: int = 2, *, is_shared: bool = False) -> None:
        self.now = 0.0
        self.living = self.most = self.started = 0
        self.gone: set[Key] = set()
        self.error: Exception | None = None
        self.pool = Pool(
            limit, lambda key: key not in self.gone, lambda: self.now, lambda: is_shared
        )

    def start(self, key: Key, rotate_at: float | None = None) -> Callable[[], Awaitable[Held]]:
        async def started() -> Held:
            self.living += 1
            self.started += 1
            self.most = max(self.most, self.living)
            await asyncio.sleep(0)
            if self.error is not None:
                self.living -= 1
                raise self.error
            return Held(key, Process(self), rotate_at)  # type: ignore[arg-type]

        return started

    async def take(self, key: Key, rotate_at: float | None = None) -> Held:
        async with asyncio.timeout(5):
            return await self.pool.take(key, self.start(key, rotate_at))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def is_ended(held: Held) -> bool:
    assert isinstance(held.process, Process)
    return held.process.is_ended


def test_the_process_that_was_used_last_is_used_next() -> None:
    async def run() -> None:
        machine = Machine()
        first, second = await machine.take(ONE), await machine.take(ONE)
        machine.pool.give_back(second)
        machine.pool.give_back(first)
        assert await machine.take(ONE) is first
        assert machine.started == 2

    asyncio.run(run())


def test_many_at_once_never_have_more_processes_than_may_live() -> None:
    async def run() -> None:
        machine = Machine(limit=3)

        async def invoke(key: Key) -> None:
            held = await machine.take(key)
            assert held.key == key
            await asyncio.sleep(0)
            machine.pool.give_back(held)
            assert machine.pool.living <= 3

        await asyncio.gather(*(invoke(ONE if at % 3 else TWO) for at in range(1_000)))
        assert machine.most <= 3
        await machine.pool.close()
        assert machine.living == 0

    asyncio.run(run())


def test_an_idle_process_makes_room_for_another_function() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        first = await machine.take(ONE)
        machine.pool.give_back(first)
        second = await machine.take(TWO)
        assert second.key == TWO
        assert is_ended(first)
        assert machine.most == 1

    asyncio.run(run())


def test_who_waits_too_long_is_not_passed_over_for_ever() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        held = await machine.take(ONE)
        starved = asyncio.create_task(machine.take(TWO))
        greedy = asyncio.create_task(machine.take(ONE))
        await settled()
        machine.pool.give_back(held)
        assert await greedy is held, "a warm process is not ended for a moment's wait"
        machine.now += PATIENCE_S * 2
        again = asyncio.create_task(machine.take(ONE))
        await settled()
        machine.pool.give_back(held)
        got = await starved
        assert got.key == TWO
        machine.pool.give_back(got)
        assert (await again).key == ONE

    asyncio.run(run())


def test_a_function_that_hangs_leaves_room_for_others() -> None:
    async def run() -> None:
        machine = Machine(limit=8, is_shared=True)
        hanging = [asyncio.create_task(machine.take(ONE)) for _ in range(60)]
        await settled()
        assert machine.living == 6
        other = await machine.take(TWO)
        assert machine.living == 7
        for each in hanging:
            each.cancel()
        await settled()
        machine.pool.give_back(other)
        await machine.pool.close()

    asyncio.run(run())


def test_who_has_no_process_comes_before_who_has_many() -> None:
    async def run() -> None:
        machine = Machine(limit=4, is_shared=True)
        ones = [await machine.take(ONE) for _ in range(3)]
        await machine.take(TWO)
        crowd = [asyncio.create_task(machine.take(ONE)) for _ in range(20)]
        await settled()
        third = msgspec.structs.replace(TWO, function_arn="third")
        late = asyncio.create_task(machine.take(third))
        await settled()
        machine.gone.add(ONE)  # its processes are ended as they come back
        machine.pool.give_back(ones[0])
        assert (await late).key == third
        for each in crowd:
            each.cancel()
        await settled()
        await machine.pool.close()

    asyncio.run(run())


def test_a_broken_old_or_replaced_process_is_not_used_again() -> None:
    async def run() -> None:
        machine = Machine()
        broken = await machine.take(ONE)
        assert isinstance(broken.process, Process)
        broken.process.is_usable = False
        machine.pool.give_back(broken)
        rotated = await machine.take(ONE, rotate_at=10.0)
        assert rotated is not broken
        machine.pool.give_back(rotated)
        machine.now = 10.0
        fresh = await machine.take(ONE)
        assert fresh is not rotated
        machine.gone.add(ONE)
        machine.pool.give_back(fresh)
        await settled()
        assert all(map(is_ended, (broken, rotated, fresh)))
        assert machine.living == 0

    asyncio.run(run())


def test_what_is_idle_for_too_long_is_ended() -> None:
    async def run() -> None:
        machine = Machine()
        held = await machine.take(ONE)
        machine.pool.give_back(held)
        machine.now = IDLE_S - 1
        machine.pool.sweep()
        await settled()
        assert not is_ended(held)
        machine.now = IDLE_S + 1
        machine.pool.sweep()
        await settled()
        assert is_ended(held)

    asyncio.run(run())


def test_one_start_that_fails_is_told_to_all_who_wait_for_nothing_else() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        machine.error = RuntimeError("cannot start")
        outcomes = await asyncio.gather(
            *(machine.take(ONE) for _ in range(100)), return_exceptions=True
        )
        assert {type(each) for each in outcomes} == {RuntimeError}
        assert machine.started < 5
        machine.error = None
        assert (await machine.take(ONE)).key == ONE

    asyncio.run(run())


def test_who_goes_away_leaves_what_it_was_given() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        held = await machine.take(ONE)
        waiting = asyncio.create_task(machine.take(ONE))
        await settled()
        machine.pool.give_back(held)  # handed over, and at the same moment:
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await machine.take(ONE) is held

    asyncio.run(run())


def test_who_went_away_while_waiting_is_not_given_anything() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        held = await machine.take(ONE)
        gone, there = (asyncio.create_task(machine.take(ONE)) for _ in range(2))
        await settled()
        gone.cancel()
        await settled()
        machine.pool.give_back(held)
        assert await there is held

    asyncio.run(run())


def test_a_closed_pool_runs_nothing_and_leaves_nothing() -> None:
    async def run() -> None:
        machine = Machine(limit=1)
        held = await machine.take(ONE)
        waiting = asyncio.create_task(machine.take(TWO))
        await settled()
        await machine.pool.close()
        with pytest.raises(PoolFull):
            await waiting
        with pytest.raises(PoolFull):
            await machine.take(ONE)
        machine.pool.give_back(held)
        await settled()
        assert is_ended(held)
        assert machine.living == 0

    asyncio.run(run())
