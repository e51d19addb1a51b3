"""Answers that take at least so long, so that nobody learns from their time who is a user.

What a user who exists costs more (their records are opened, a message is composed: 0.2 ms) is less
than one in a hundred of that. What hashes a password takes longer anyway, the same for all.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bargate.userpool.progress import Answer, Asked

LEAST_S: Final = 0.025


async def evened(asked: Asked, work: Awaitable[Answer]) -> Answer:
    """Give what work gives or raises, no sooner than `LEAST_S` where the client hides users."""
    if not asked.client.hides_users:
        return await work
    clock = asyncio.get_running_loop().time
    ends_s = clock() + LEAST_S
    try:
        return await work
    finally:
        await asyncio.sleep(max(0.0, ends_s - clock()))
