"""What is asked over the local socket of an installation's outbox.

One JSON document each way: OutboxQuestion ──► Messages. The socket lies in the run directory,
which only its owner may enter (`gateway.questions`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from bargate.outbound.outbox import Kept  # noqa: TC001  msgspec reads the type

if TYPE_CHECKING:
    from pathlib import Path

MAX_WAIT_S: Final = 30.0
MAX_QUESTION_BYTES: Final = 4_096
_MARGIN_S: Final = 5.0


class OutboxQuestion(Struct, frozen=True, kw_only=True):
    """Ask for what was kept after a number, waiting for something up to `wait_s`."""

    after: int = 0
    pool_id: str | None = None
    wait_s: float = 0.0


class Messages(Struct, frozen=True):
    """What was kept, oldest first."""

    messages: list[Kept]


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"outbox-{port}.sock"


async def ask_outbox(path: Path, question: OutboxQuestion) -> list[Kept] | None:
    """Ask the installation behind a socket; None when none answers."""
    try:
        async with asyncio.timeout(question.wait_s + _MARGIN_S):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(msgspec.json.encode(question) + b"\n")
            answer = await reader.read(-1)
            writer.close()
    except (OSError, TimeoutError):
        return None
    return msgspec.json.decode(answer, type=Messages).messages if answer else None
