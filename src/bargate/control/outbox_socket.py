"""Shows the outbox to `bargate outbox`, over a local socket: its reader may read codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bargate.control.local_socket import Bounds, LocalSocket
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

_BOUNDS = Bounds(connections=16, question_bytes=MAX_QUESTION_BYTES, timeout_s=MAX_WAIT_S + 5.0)


def outbox_socket(outbox: Outbox, folder: Path, port: int) -> LocalSocket:
    """Make the socket of the installation whose AWS endpoint listens on `port`."""

    async def answer(line: bytes) -> bytes:
        asked = msgspec.json.decode(line, type=OutboxQuestion)
        return msgspec.json.encode(Messages(await _found(outbox, asked)))

    return LocalSocket(folder / socket_name(port), "bargate outbox", _BOUNDS, answer)


async def _found(outbox: Outbox, asked: OutboxQuestion) -> list[Kept]:
    if asked.wait_s > 0:
        return await outbox.wait(asked.after, asked.pool_id, min(asked.wait_s, MAX_WAIT_S))
    return outbox.after(asked.after, asked.pool_id)
