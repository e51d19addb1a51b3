"""Messages that stay here, for developers and tests: the last ones, in memory alone.

INVARIANT: they hold codes, so they are given to nobody but this machine's owner (the local socket)
and, with `--dev`, whoever is administrator anyway.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime  # noqa: TC003  msgspec reads the type
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.userpool.pools import Message

MAX_MESSAGES: Final = 1_000


class Kept(Struct, frozen=True, kw_only=True):
    """A message that was kept; `number` counts all since the start, from 1."""

    number: int
    at: datetime
    pool_id: str
    user_name: str
    medium: str
    purpose: str
    destination: str
    subject: str
    body: str

    def __repr__(self) -> str:
        return f"Kept({self.number})"


class Outbox:
    """The last messages; the oldest goes first."""

    def __init__(self, clock: Callable[[], datetime], max_messages: int = MAX_MESSAGES) -> None:
        self._clock = clock
        self._messages: deque[Kept] = deque(maxlen=max_messages)
        self._number = 0
        self._more = asyncio.Event()

    def keep(self, message: Message) -> None:
        """Keep a message."""
        self._number += 1
        kept = Kept(
            number=self._number,
            at=self._clock(),
            pool_id=message.pool_id,
            user_name=message.user_name,
            medium=message.medium,
            purpose=message.purpose,
            destination=message.destination,
            subject=message.subject,
            body=message.body,
        )
        self._messages.append(kept)
        self._more.set()
        self._more = asyncio.Event()

    def after(self, number: int = 0, pool_id: str | None = None) -> list[Kept]:
        """Give what was kept after a number, oldest first."""
        return [
            each
            for each in self._messages
            if each.number > number and pool_id in (None, each.pool_id)
        ]

    async def wait(self, number: int, pool_id: str | None, timeout_s: float) -> list[Kept]:
        """Give what was kept after a number, waiting for something a while."""
        try:
            async with asyncio.timeout(timeout_s):
                while not (found := self.after(number, pool_id)):
                    await self._more.wait()
        except TimeoutError:
            return []
        return found
