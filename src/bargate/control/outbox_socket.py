"""The local socket on which the control process shows its outbox: `bargate outbox` asks it.

Whoever may enter the run directory owns the installation, and may read codes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import msgspec

from bargate.gateway.questions import UnsafeFolder, make_private
from bargate.outbound.local import (
    MAX_QUESTION_BYTES,
    MAX_WAIT_S,
    Messages,
    OutboxQuestion,
    socket_name,
)

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.outbound.outbox import Kept, Outbox

MAX_CONNECTIONS = 16
_TIMEOUT_S = MAX_WAIT_S + 5.0

_log = logging.getLogger("bargate.control")


class OutboxSocket:
    """Listens in `folder`."""

    def __init__(self, outbox: Outbox, folder: Path, port: int) -> None:
        self._outbox = outbox
        self._path = folder / socket_name(port)
        self._server: asyncio.Server | None = None
        self._connections = 0

    async def start(self) -> None:
        """Listen; an installation serves without it too, and says so."""
        try:
            make_private(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            self._server = await asyncio.start_unix_server(
                self._serve, str(self._path), limit=MAX_QUESTION_BYTES
            )
            self._path.chmod(0o600)
        except (OSError, UnsafeFolder) as error:
            _log.warning("`bargate outbox` will not find this installation: %s", error)

    def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections <= MAX_CONNECTIONS:
                async with asyncio.timeout(_TIMEOUT_S):
                    line = await reader.readline()
                    asked = msgspec.json.decode(line, type=OutboxQuestion)
                    found = await self._found(asked)
                    writer.write(msgspec.json.encode(Messages(found)))
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError, msgspec.DecodeError):
            pass  # whoever asked is gone, too slow, or asked nothing that can be asked
        finally:
            self._connections -= 1
            writer.close()

    async def _found(self, asked: OutboxQuestion) -> list[Kept]:
        if asked.wait_s > 0:
            wait_s = min(asked.wait_s, MAX_WAIT_S)
            return await self._outbox.wait(asked.after, asked.pool_id, wait_s)
        return self._outbox.after(asked.after, asked.pool_id)
