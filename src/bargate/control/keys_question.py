"""What is asked over the local socket of an installation about keys of its pools.

One JSON document each way: RotateKeys ──► Rotated | NotRotated. The socket lies in the run directory,
which only its owner may enter (`gateway.questions`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from bargate.userpool.rotation import Rotated

if TYPE_CHECKING:
    from pathlib import Path

MAX_QUESTION_BYTES: Final = 4_096
TIMEOUT_S: Final = 20.0  # two RSA keys, on a busy machine


class RotateKeys(Struct, frozen=True, kw_only=True):
    """Give a pool new keys, used after `lead_s`; or `at_once`, and end the old ones."""

    pool_id: str
    lead_s: int
    at_once: bool = False


class NotRotated(Struct, frozen=True, tag="not_rotated"):
    """Nothing was changed; `message` says why."""

    message: str


def socket_name(port: int) -> str:
    """Name the socket of the installation whose AWS endpoint listens on `port`."""
    return f"keys-{port}.sock"


async def ask(path: Path, question: RotateKeys) -> Rotated | NotRotated | None:
    """Ask the installation behind a socket; None when none answers."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(msgspec.json.encode(question) + b"\n")
            answer = await reader.readline()
            writer.close()
        return msgspec.json.decode(answer, type=Rotated | NotRotated)
    except (OSError, TimeoutError, ValueError, msgspec.DecodeError):
        return None
