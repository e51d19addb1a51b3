"""Headers that come again and again as one object, and what was worked out from them."""

from __future__ import annotations

from typing import Any, Final

Headers = list[tuple[bytes, bytes]]

MOST_KNOWN: Final = 6


class RepeatedHeaders(Headers):
    """Headers that are likely to come again as the same object, and are never changed.

    `known` remembers what was worked out from them, by what it was worked out with: the few things
    that all integrations and authorizers of a kind share, `MOST_KNOWN` at most.
    """

    __slots__ = ("known",)

    def __init__(self, headers: Headers) -> None:
        super().__init__(headers)
        self.known: dict[object, Any] = {}

    def remember(self, by: object, worked_out: Any) -> None:
        """Keep what was worked out, within the bound."""
        if len(self.known) < MOST_KNOWN:
            self.known[by] = worked_out
