"""Counters that count nothing: for a call that is told of again, tried out, or never sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.ledger.counters import Lacking, NoLedger, Taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.ledger.counters import Counted, Counters, Limit, Quota


class Replayed:
    """Answers as the live call was answered; as if there were enough where it was not asked.

    What remains is asked of the `live` counters: it is told as it is now.
    """

    def __init__(self, counted: Counted | None = None, live: Counters | None = None) -> None:
        # What a call was waiting for when it ended says nothing of the limit.
        self._counted = Taken() if counted is None or isinstance(counted, Lacking) else counted
        self._live = live or NoLedger()

    def take(self, limits: Sequence[Limit], now: float) -> Counted:  # noqa: ARG002  the protocol's
        """Take nothing, and answer as then."""
        return self._counted

    def remaining(self, quota: Quota) -> int | None:
        """Give what is left of a quota now."""
        return self._live.remaining(quota)
