"""What the supervisor was told or asked by number, and whoever waits for its word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable

Reply = TypeVar("Reply")


class Replies(Generic[Reply]):
    """Those who wait, by number; a word that nobody waits for any more is dropped."""

    def __init__(self) -> None:
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    async def after(self, number: int, sent: Awaitable[None]) -> Reply:
        """Send, and wait for the reply of that number."""
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            await sent
            return await reply
        finally:
            del self._waiting[number]

    def settle(self, number: int, reply: Reply) -> None:
        """Give the reply of a number to whoever waits for it."""
        waiting = self._waiting.get(number)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)
