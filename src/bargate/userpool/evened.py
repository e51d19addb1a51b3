"""Answers that take at least so long, so that nobody learns from their time who is a user.

What a user who exists costs more (their records are opened, a message is composed: 0.2 ms) is less
than one in a hundred of that. What hashes a password takes longer anyway, the same for all. Tokens
are given at once: whoever gets them knows that there is a user.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from bargate.userpool.progress import Authenticated

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from bargate.records.user_pool_client import UserPoolClient

Result = TypeVar("Result")

LEAST_S: Final = 0.025


class ByClient(Protocol):
    """Whatever came through a client: `Asked`, `Named`."""

    @property
    def client(self) -> UserPoolClient:
        """The client."""


async def evened(asked: ByClient, work: Awaitable[Result]) -> Result:
    """Give what work gives or raises, no sooner than `LEAST_S` where the client hides users."""
    if not asked.client.hides_users:
        return await work
    clock = asyncio.get_running_loop().time
    ends_s = clock() + LEAST_S
    found: Result | None = None
    try:
        found = await work
        return found
    finally:
        if not isinstance(found, Authenticated):
            await asyncio.sleep(max(0.0, ends_s - clock()))
