import asyncio
import threading

import pytest

from bargate.userpool import threads
from bargate.userpool.threads import Threads
from bargate.wire.error import AwsError


def test_results_and_errors_come_back():
    async def run():
        pool = Threads("test", 2)
        assert await pool.run(lambda: threading.current_thread().name) == "test"
        with pytest.raises(ValueError, match="no"):
            await pool.run(lambda: int("no"))
        pool.close()

    asyncio.run(run())


def test_as_many_run_at_once_as_there_are_threads():
    async def run():
        pool = Threads("test", 3)
        all_there = threading.Barrier(3, timeout=10)
        await asyncio.gather(*(pool.run(all_there.wait) for _ in range(3)))
        pool.close()

    asyncio.run(run())


def test_no_more_may_wait_than_the_bound(monkeypatch):
    monkeypatch.setattr(threads, "MAX_WAITING", 2)

    async def run():
        pool, gate = Threads("test", 1), threading.Event()
        held = [asyncio.ensure_future(pool.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(AwsError, match="Rate exceeded"):
            await pool.run(gate.wait)
        gate.set()
        await asyncio.gather(*held)
        assert await pool.run(lambda: 1) == 1
        pool.close()

    asyncio.run(run())


def test_what_nobody_waits_for_counts_until_its_turn_and_is_not_done():
    async def run():
        pool, gate, done = Threads("test", 1), threading.Event(), []
        first = asyncio.ensure_future(pool.run(gate.wait))
        second = asyncio.ensure_future(pool.run(lambda: done.append(1)))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        assert pool.waiting == 2
        gate.set()
        await first
        await pool.run(lambda: None)
        assert pool.waiting == 0
        assert not done
        pool.close()

    asyncio.run(run())


def test_results_are_held_while_work_waits_and_no_longer():
    async def run():
        pool, gate, settled = Threads("test", 1, held=3), threading.Event(), []
        settle = pool._settle
        pool._settle = lambda done: (settled.append(len(done)), settle(done))  # type: ignore[method-assign]
        first = asyncio.ensure_future(pool.run(gate.wait))
        others = [asyncio.ensure_future(pool.run(lambda n=n: n)) for n in range(6)]
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.gather(first, *others) == [True, *range(6)]
        assert settled == [3, 3, 1]
        assert await asyncio.wait_for(pool.run(lambda: 7), 10) == 7
        assert settled[-1] == 1
        assert pool.waiting == 0
        pool.close()

    asyncio.run(run())


def test_nothing_is_held_for_longer_than_a_moment(monkeypatch):
    monkeypatch.setattr(threads, "HOLD_S", 0.0)

    async def run():
        pool, gate, later = Threads("test", 1, held=8), threading.Event(), threading.Event()
        first = asyncio.ensure_future(pool.run(gate.wait))
        second = asyncio.ensure_future(pool.run(lambda: later.wait(10)))
        await asyncio.sleep(0)
        gate.set()
        assert await asyncio.wait_for(first, 10)
        later.set()
        assert await second
        pool.close()

    asyncio.run(run())


def test_what_is_held_comes_before_the_end_and_errors_stay_with_their_own():
    async def run():
        pool, gate = Threads("test", 1, held=8), threading.Event()
        asked = [lambda: gate.wait(), lambda: int("no"), lambda: 3]  # noqa: PLW0108
        waiting = [asyncio.ensure_future(pool.run(each)) for each in asked]
        await asyncio.sleep(0)
        pool.close()
        gate.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert found[0] is True
        assert isinstance(found[1], ValueError)
        assert found[2] == 3

    asyncio.run(run())
