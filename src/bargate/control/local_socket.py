"""A local socket in the run directory, on which the control process answers commands of its owner.

    one line in ──► answer ──► bytes out, and the connection is closed
    lines in and out (`LocalSocket.conversing`) ──► converse(channel) ──► the connection is closed

Whoever may enter the run directory owns the installation. What is asked wrongly, too slowly or by too
many is not answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bargate.control.local_channel import Channel, ChannelClosed
from bargate.gateway.questions import UnsafeFolder, make_private

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Answer = Callable[[bytes], Awaitable[bytes]]
    Converse = Callable[[Channel], Awaitable[None]]
    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_log = logging.getLogger("bargate.control")


class Bounds(Struct, frozen=True, kw_only=True):
    """How much of a local socket may be asked.

    `timeout_s` is for a whole answer, or for each line of a conversation.
    """

    connections: int
    question_bytes: int
    timeout_s: float


class LocalSocket:
    """Listens at `path` for `command`; `answer` may raise msgspec.DecodeError for no question."""

    def __init__(
        self,
        path: Path,
        command: str,
        bounds: Bounds,
        answer: Answer,
    ) -> None:
        self._path = path
        self._command = command
        self._bounds = bounds
        self._serve_one: Serve = _answering(answer, bounds)
        self._server: asyncio.Server | None = None
        self._connections = 0

    @classmethod
    def conversing(
        cls, path: Path, command: str, bounds: Bounds, converse: Converse
    ) -> LocalSocket:
        """Make one on which each connection is a conversation."""
        made = cls(path, command, bounds, _nothing)
        made._serve_one = _conversing(converse, bounds)
        return made

    async def start(self) -> None:
        """Listen; an installation serves without it too, and says so."""
        try:
            make_private(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            self._server = await asyncio.start_unix_server(
                self._serve, str(self._path), limit=self._bounds.question_bytes
            )
            self._path.chmod(0o600)
        except (OSError, UnsafeFolder) as error:
            _log.warning("`%s` will not find this installation: %s", self._command, error)

    def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= self._bounds.connections:
                await self._serve_one(reader, writer)
        except (TimeoutError, ConnectionError, ChannelClosed, ValueError, msgspec.DecodeError):
            pass  # whoever asked is gone, too slow, or asked nothing that can be asked
        finally:
            self._connections -= 1
            writer.close()


def _answering(answer: Answer, bounds: Bounds) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(bounds.timeout_s):
            writer.write(await answer(await reader.readline()))
            await writer.drain()

    return serve


def _conversing(converse: Converse, bounds: Bounds) -> Serve:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(Channel(reader, writer, bounds.timeout_s))

    return serve


async def _nothing(_: bytes) -> bytes:
    return b""
