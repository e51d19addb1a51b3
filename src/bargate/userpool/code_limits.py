"""How often codes are sent to a user, and guessed, in an hour: counted in memory, by user.

A right code ends both counts, so whoever owns the phone or mailbox does not meet them by what they do
themself; who guesses the codes of somebody else locks them out for the hour, as with passwords. A
restart of the process ends them, too.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from msgspec import Struct

from bargate.wire.error import AwsError

MAX_GUESSES: Final = 15  # AWS [D] §8: as many as of ConfirmSignUp
MAX_SENT: Final = 20  # [I] a sign-in sends one
PERIOD_S: Final = 3_600.0
MAX_NAMES: Final = 200_000


class Count(Struct, frozen=True):
    """So many since `since_s` (seconds since the epoch)."""

    since_s: float
    number: int = 0


class Allowance:
    """So many of one thing a name and hour. The name that was counted longest ago goes first."""

    def __init__(self, limit: int, max_names: int = MAX_NAMES) -> None:
        self._counts: OrderedDict[tuple[str, str], Count] = OrderedDict()
        self._limit = limit
        self._max_names = max_names

    def take(self, pool_id: str, name: str, now_s: float) -> None:
        """Count one; raises TooManyRequestsException when there were as many as may be."""
        key = (pool_id, name)
        count = self._counts.get(key)
        if count is None or now_s - count.since_s >= PERIOD_S:
            count = Count(now_s)
        if count.number >= self._limit:
            raise AwsError("TooManyRequestsException", "Attempt limit exceeded, please try later.")
        self._counts[key] = Count(count.since_s, count.number + 1)
        self._counts.move_to_end(key)
        if len(self._counts) > self._max_names:
            self._counts.popitem(last=False)

    def clear(self, pool_id: str, name: str) -> None:
        """Forget what was counted."""
        self._counts.pop((pool_id, name), None)


class CodeLimits:
    """The two counts."""

    def __init__(self) -> None:
        self.guesses = Allowance(MAX_GUESSES)
        self.sent = Allowance(MAX_SENT)

    def proven(self, pool_id: str, name: str) -> None:
        """End the counts of somebody who gave a right code."""
        self.guesses.clear(pool_id, name)
        self.sent.clear(pool_id, name)
