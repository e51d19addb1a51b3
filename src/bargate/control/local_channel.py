"""A conversation over a local socket, line by line, seen alike from both ends.

Each line is one message. Neither end can make the other wait for longer than the time limit, or hold
more than one line of bounded length: who sends waits until the other has read.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

_WAITING_BYTES: Final = 65_536


class ChannelClosed(Exception):
    """The other end is gone, too slow, or sent what is no line."""


class Channel:
    """One end of a conversation."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        writer.transport.set_write_buffer_limits(high=_WAITING_BYTES)

    async def receive(self) -> bytes | None:
        """Give the next line without its end, None after the last; raises ChannelClosed."""
        try:
            async with asyncio.timeout(self._timeout_s):
                line = await self._reader.readline()
        except (OSError, TimeoutError, ValueError) as error:  # ValueError: a line over the limit
            raise ChannelClosed from error
        if line and not line.endswith(b"\n"):
            raise ChannelClosed
        return line[:-1] if line else None

    async def send(self, line: bytes) -> None:
        """Send a line, which has no line end in it; raises ChannelClosed."""
        await self.send_all((line,))

    async def send_all(self, lines: Sequence[bytes]) -> None:
        """Send lines in one go; raises ChannelClosed."""
        try:
            self._writer.writelines(line + b"\n" for line in lines)
            async with asyncio.timeout(self._timeout_s):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            self._writer.transport.abort()  # a mere close would wait for the other to read
            raise ChannelClosed from error


@contextlib.asynccontextmanager
async def open_channel(path: Path, max_line_bytes: int, timeout_s: float) -> AsyncIterator[Channel]:
    """Speak with the installation behind a socket; raises ChannelClosed when none answers."""
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=max_line_bytes)
    except OSError as error:
        raise ChannelClosed from error
    try:
        yield Channel(reader, writer, timeout_s)
    finally:
        writer.close()
