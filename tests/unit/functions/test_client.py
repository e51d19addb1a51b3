"""A call of a function has one answer in time, whatever the host does."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from bargate.frames import Channel, decoder
from bargate.functions import client as client_module
from bargate.functions.client import FunctionsClient
from bargate.functions.messages import Asked, FromInvoker, Hello, HostPlace, Told
from bargate.model.invocation import Invocation, Outcome, Permitted, Refused, Returned
from bargate.secret import Secret

Answer = Callable[[Channel[FromInvoker], Asked], Awaitable[None]]
ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


class FakeHost:
    """Listens as a host does; `answer` says what it does with what it is asked."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self.place = HostPlace(path=str(path), token=Secret("ab" * 32))
        self.connections = 0
        self.hellos: list[Secret] = []
        self._answer = answer
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        channel: Channel[FromInvoker] = Channel(reader, writer, decoder(FromInvoker))
        while (message := await channel.receive()) is not None:
            if isinstance(message, Hello):
                self.hellos.append(message.token)
            else:
                await self._answer(channel, message)

    def hang_up(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@contextlib.asynccontextmanager
async def faking(answer: Answer) -> AsyncIterator[tuple[FakeHost, FunctionsClient]]:
    with tempfile.TemporaryDirectory() as folder:
        host = FakeHost(Path(folder) / "s", answer)
        server = await asyncio.start_unix_server(host.serve, host.place.path)
        client = FunctionsClient(host.place)
        try:
            yield host, client
        finally:
            await client.close()
            host.hang_up()
            server.close()


def invocation(payload: bytes = b"{}", timeout_s: float = 5.0) -> Invocation:
    return Invocation(function=ARN, payload=payload, invoker=Permitted(), timeout_s=timeout_s)


def reason(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


async def echo(channel: Channel[FromInvoker], asked: Asked) -> None:
    payload = asked.invocation.payload
    await channel.send(Told(asked.number, Returned(payload=payload, version="1")))


async def silence(_channel: Channel[FromInvoker], _asked: Asked) -> None:
    return


def test_one_connection_carries_all_and_says_the_token_first() -> None:
    async def run() -> None:
        async with faking(echo) as (host, client):
            payloads = [str(at).encode() for at in range(100)]
            outcomes = await asyncio.gather(*(client(invocation(each)) for each in payloads))
            assert [o.payload for o in outcomes if isinstance(o, Returned)] == payloads
            assert host.connections == 1
            assert host.hellos == [host.place.token]

    asyncio.run(run())


def test_answers_find_who_asked_in_whatever_order_they_come() -> None:
    held: list[Asked] = []

    async def backwards(channel: Channel[FromInvoker], asked: Asked) -> None:
        held.append(asked)
        if len(held) == 3:
            for each in reversed(held):
                await echo(channel, each)
                await channel.send(Told(each.number + 1_000, Refused(reason="denied", message="")))

    async def run() -> None:
        async with faking(backwards) as (_, client):
            payloads = [b"1", b"2", b"3"]
            outcomes = await asyncio.gather(*(client(invocation(each)) for each in payloads))
            assert [o.payload for o in outcomes if isinstance(o, Returned)] == payloads

    asyncio.run(run())


def test_without_a_function_there_is_no_host_to_wait_for(tmp_path: Path) -> None:
    async def run() -> None:
        place = HostPlace(path=str(tmp_path / "nothing"), token=Secret("00"))
        async with asyncio.timeout(1):
            assert reason(await FunctionsClient(place)(invocation())) == "not_found"

    asyncio.run(run())


def test_a_host_that_does_not_answer_is_waited_for_no_longer_than_was_said() -> None:
    async def run() -> None:
        async with faking(silence) as (_, client), asyncio.timeout(2):
            assert reason(await client(invocation(timeout_s=0.05))) == "timed_out"
            assert reason(await client(invocation(timeout_s=0.0))) == "timed_out"

    asyncio.run(run())


def test_the_end_of_the_host_is_told_at_once_and_the_next_call_connects_anew() -> None:
    async def run() -> None:
        is_asked = asyncio.Event()

        async def once(channel: Channel[FromInvoker], asked: Asked) -> None:
            if is_asked.is_set():
                await echo(channel, asked)
            is_asked.set()

        async with faking(once) as (host, client), asyncio.timeout(5):
            under_way = asyncio.create_task(client(invocation(timeout_s=60)))
            await is_asked.wait()
            host.hang_up()
            assert reason(await under_way) == "unavailable"
            assert isinstance(await client(invocation()), Returned)
            assert host.connections == 2

    asyncio.run(run())


def test_garbage_of_a_host_ends_the_connection_and_nothing_else() -> None:
    async def run() -> None:
        is_first = True

        async def garbage(channel: Channel[FromInvoker], asked: Asked) -> None:
            nonlocal is_first
            if is_first:
                is_first = False
                await channel.send(Hello(Secret("no answer")))
            else:
                await echo(channel, asked)

        async with faking(garbage) as (_, client), asyncio.timeout(5):
            assert reason(await client(invocation())) == "unavailable"
            assert isinstance(await client(invocation()), Returned)

    asyncio.run(run())


def test_no_more_is_under_way_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MAX_UNDER_WAY", 2)
    monkeypatch.setattr(client_module, "MAX_UNDER_WAY_BYTES", 100)

    async def run() -> None:
        async with faking(silence) as (_, client):
            waiting = [asyncio.create_task(client(invocation(timeout_s=0.2))) for _ in range(2)]
            await asyncio.sleep(0)
            assert reason(await client(invocation())) == "throttled"
            assert {reason(await each) for each in waiting} == {"timed_out"}
            assert reason(await client(invocation(b"x" * 101))) == "throttled"
            # What was refused or given up takes no room.
            assert reason(await client(invocation(b"x" * 99, timeout_s=0.05))) == "timed_out"

    asyncio.run(run())
