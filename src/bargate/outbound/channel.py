"""What takes messages out of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bargate.userpool.pools import Message


class Undelivered(Exception):
    """A message did not go out. The text says why, and nothing of the message."""

    def __init__(self, why: str, *, is_final: bool) -> None:
        super().__init__(why)
        self.is_final = is_final


class Channel(Protocol):
    """One way out."""

    def deliver(self, message: Message) -> None:
        """Send a message, in a thread that may wait; raises Undelivered."""
