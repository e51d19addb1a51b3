"""Counters that count nothing: for a call that is told of again, tried out, or never sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.ledger.counters import Lacking, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.ledger.counters import Counted, Limit


class Replayed:
    """Answers as the live call was answered; as if there were enough where it was not asked."""

    def __init__(self, counted: Counted | None = None) -> None:
        # What a call was waiting for when it ended says nothing of the limit.
        self._counted = Taken() if counted is None or isinstance(counted, Lacking) else counted

    def take(self, limits: Sequence[Limit], now: float) -> Counted:  # noqa: ARG002  the protocol's
        """Take nothing, and answer as then."""
        return self._counted

    def give_back(self, limits: Sequence[Limit]) -> None:
        """Take note of nothing: nothing was taken."""
