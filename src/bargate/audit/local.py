"""What is asked over the local socket of an installation: where its audit log is.

The socket lies in the run directory, which only its owner may enter.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

MAX_QUESTION_BYTES: Final = 64
TIMEOUT_S: Final = 5.0


class Where(Struct, frozen=True):
    """The folder that an installation keeps its state in."""

    data: str


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"audit-{port}.sock"


async def ask_where(path: Path) -> Where | None:
    """Ask the installation behind a socket; None when none answers."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"\n")
            answer = await reader.readline()
            writer.close()
        return msgspec.json.decode(answer, type=Where)
    except (OSError, TimeoutError, ValueError, msgspec.DecodeError):
        return None
