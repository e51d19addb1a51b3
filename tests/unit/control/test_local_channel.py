"""Conversations over a local socket: lines both ways, bounded in length, time and number."""

import asyncio
import contextlib
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bargate.control.local_channel import Channel, ChannelClosed, open_channel
from bargate.control.local_socket import Bounds, LocalSocket

Converse = Callable[[Channel], Awaitable[None]]


@contextlib.asynccontextmanager
async def listening(path: Path, converse: Converse, timeout_s: float = 5.0) -> AsyncIterator[None]:
    bounds = Bounds(connections=2, question_bytes=1_024, timeout_s=timeout_s)
    socket = LocalSocket.conversing(path, "bargate test", bounds, converse)
    await socket.start()
    try:
        yield
    finally:
        socket.stop()


async def echo(channel: Channel) -> None:
    while (line := await channel.receive()) is not None:
        await channel.send(line.upper())


def test_lines_go_both_ways_until_one_ends(tmp_path: Path) -> None:
    async def converse() -> None:
        path = tmp_path / "run" / "a.sock"
        async with listening(path, echo):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            async with open_channel(path, 1_024, 5.0) as channel:
                for text in (b"a", b"", b"b c"):
                    await channel.send(text)
                    assert await channel.receive() == text.upper()
        assert not path.exists()

    asyncio.run(converse())


def test_a_line_too_long_or_cut_off_ends_it(tmp_path: Path) -> None:
    async def tell(channel: Channel) -> None:
        await channel.receive()
        await channel.send(b"x" * 5_000)

    async def converse() -> None:
        path = tmp_path / "run" / "a.sock"
        async with listening(path, echo), open_channel(path, 1_024, 5.0) as channel:
            await channel.send(b"x" * 10_000)
            assert await channel.receive() is None
        async with listening(path, tell), open_channel(path, 1_024, 5.0) as channel:
            await channel.send(b"")
            with pytest.raises(ChannelClosed):
                await channel.receive()

    asyncio.run(converse())


def test_who_is_silent_is_left(tmp_path: Path) -> None:
    async def converse() -> None:
        path = tmp_path / "run" / "a.sock"
        async with listening(path, echo, timeout_s=0.05), open_channel(path, 1_024, 5.0) as channel:
            begun = time.monotonic()
            assert await channel.receive() is None
            assert time.monotonic() - begun < 4

    asyncio.run(converse())


def test_who_does_not_read_makes_the_other_wait_and_not_keep(tmp_path: Path) -> None:
    sent = 0

    async def converse() -> None:
        given_up = asyncio.Event()

        async def pour(channel: Channel) -> None:
            nonlocal sent
            with contextlib.suppress(ChannelClosed):
                while True:
                    await channel.send(b"x" * 1_000)
                    sent += 1
            given_up.set()

        path = tmp_path / "run" / "a.sock"
        async with listening(path, pour, timeout_s=0.2), open_channel(path, 1_024, 5.0):
            await asyncio.wait_for(given_up.wait(), 30)

    asyncio.run(converse())
    assert sent < 5_000  # what the system's own buffers hold, and no more


def test_nobody_behind_a_socket_is_told(tmp_path: Path) -> None:
    async def converse() -> None:
        with pytest.raises(ChannelClosed):
            async with open_channel(tmp_path / "none.sock", 1_024, 5.0):
                pytest.fail("nobody is there")

    asyncio.run(converse())


def test_more_than_its_bound_are_not_served(tmp_path: Path) -> None:
    async def converse() -> None:
        path = tmp_path / "run" / "a.sock"
        async with listening(path, echo), contextlib.AsyncExitStack() as stack:
            opened = [
                await stack.enter_async_context(open_channel(path, 1_024, 5.0)) for _ in range(3)
            ]
            for channel in opened[:2]:
                await channel.send(b"a")
                assert await channel.receive() == b"A"
            assert await opened[2].receive() is None

    asyncio.run(converse())
