"""The local socket on which the control process rotates keys of pools: `bargate keys` asks it.

Whoever may enter the run directory owns the installation.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bargate.control.keys_question import (
    MAX_QUESTION_BYTES,
    TIMEOUT_S,
    NotRotated,
    RotateKeys,
    socket_name,
)
from bargate.gateway.questions import UnsafeFolder, make_private
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.userpool.rotation import Rotated, rotate
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.userpool.pools import Pools

MAX_CONNECTIONS = 4
MAX_LEAD_S = 30 * 86_400

_log = logging.getLogger("bargate.control")


class KeysSocket:
    """Listens in `folder`."""

    def __init__(self, pools: Pools, folder: Path, port: int) -> None:
        self._pools = pools
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
            _log.warning("`bargate keys` will not find this installation: %s", error)

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
                async with asyncio.timeout(TIMEOUT_S):
                    line = await reader.readline()
                    answer = await self._answer(msgspec.json.decode(line, type=RotateKeys))
                    writer.write(msgspec.json.encode(answer) + b"\n")
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError, msgspec.DecodeError):
            pass  # whoever asked is gone, too slow, or asked nothing that can be asked
        finally:
            self._connections -= 1
            writer.close()

    async def _answer(self, asked: RotateKeys) -> Rotated | NotRotated:
        if not 0 <= asked.lead_s <= MAX_LEAD_S:
            return NotRotated(f"The lead must be between 0 and {MAX_LEAD_S} seconds.")
        lead = timedelta(seconds=asked.lead_s)
        try:
            rotated = await rotate(self._pools, asked.pool_id, lead, at_once=asked.at_once)
        except AwsError as refused:
            return NotRotated(refused.message)
        except (StoreBusy, StoreUnavailable) as error:
            return NotRotated(f"Nothing was changed: {error}")
        _log.info("the keys of pool %s were rotated", asked.pool_id)
        return rotated
