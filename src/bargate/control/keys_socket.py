"""Rotates keys of user pools for `bargate keys`, over a local socket."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from bargate.audit.event import OK, command
from bargate.control.keys_question import (
    MAX_QUESTION_BYTES,
    TIMEOUT_S,
    NotRotated,
    RotateKeys,
    socket_name,
)
from bargate.control.local_socket import Bounds, LocalSocket
from bargate.store.interface import StoreBusy, StoreUnavailable
from bargate.userpool.rotation import Rotated, rotate
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from pathlib import Path

    from bargate.audit.event import Note
    from bargate.userpool.pools import Pools

MAX_LEAD_S = 30 * 86_400
_BOUNDS = Bounds(connections=4, question_bytes=MAX_QUESTION_BYTES, timeout_s=TIMEOUT_S)

_log = logging.getLogger("bargate.control")


def keys_socket(pools: Pools, folder: Path, port: int, note: Note) -> LocalSocket:
    """Make the socket of the installation whose AWS endpoint listens on `port`."""

    async def answer(line: bytes) -> bytes:
        asked = msgspec.json.decode(line, type=RotateKeys)
        return msgspec.json.encode(await _noted(pools, asked, note)) + b"\n"

    return LocalSocket(folder / socket_name(port), "bargate keys", _BOUNDS, answer)


async def _noted(pools: Pools, asked: RotateKeys, note: Note) -> Rotated | NotRotated:
    answer = await _rotated(pools, asked)
    outcome = OK if isinstance(answer, Rotated) else "NotRotated"
    try:
        await note(command("RotateKeys", asked.pool_id, outcome))
    except AwsError as unavailable:
        return NotRotated(unavailable.message)
    return answer


async def _rotated(pools: Pools, asked: RotateKeys) -> Rotated | NotRotated:
    if not 0 <= asked.lead_s <= MAX_LEAD_S:
        return NotRotated(f"The lead must be between 0 and {MAX_LEAD_S} seconds.")
    lead = timedelta(seconds=asked.lead_s)
    try:
        rotated = await rotate(pools, asked.pool_id, lead, at_once=asked.at_once)
    except AwsError as refused:
        return NotRotated(refused.message)
    except (StoreBusy, StoreUnavailable) as error:
        return NotRotated(f"Nothing was changed: {error}")
    _log.info("the keys of pool %s were rotated", asked.pool_id)
    return rotated
