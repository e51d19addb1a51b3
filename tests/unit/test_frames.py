"""Framed messages: what becomes of those that nobody receives any more."""

from __future__ import annotations

import asyncio
import socket

import pytest
import uvloop
from msgspec import Struct

from bargate.frames import Channel, decoder


class Said(Struct, tag=True):
    """A message."""

    text: str


@pytest.mark.parametrize("is_closed_by_us", [True, False])
def test_a_message_for_who_is_gone_is_dropped(is_closed_by_us: bool) -> None:
    async def work() -> None:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        channel: Channel[Said] = Channel(reader, writer, decoder(Said))
        theirs.close()
        assert await channel.receive() is None
        if is_closed_by_us:
            channel.close()
            await writer.wait_closed()
        await channel.send(Said("x"))
        channel.post(Said("x"))
        channel.close()

    uvloop.run(work())
