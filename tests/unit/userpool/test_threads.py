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
