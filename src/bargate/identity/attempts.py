"""A limit on guessing one-time codes: so many wrong ones in a while, then none is taken at all."""

from __future__ import annotations

from collections import OrderedDict

MAX_FAILURES = 5
WINDOW_S = 60.0
MAX_OWNERS = 10_000


class Attempts:
    """The failures of the last minute by owner; kept in memory, since a refusal writes nothing.

    A guesser who restarts the process wins `MAX_FAILURES` of a million codes.
    """

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def may_try(self, owner: str, now: float) -> bool:
        """Say whether a code of `owner` may be looked at; `now` is in seconds."""
        return len(self._recent(owner, now)) < MAX_FAILURES

    def note_failure(self, owner: str, now: float) -> None:
        """Count a wrong code."""
        self._failures[owner] = [*self._recent(owner, now), now]
        self._failures.move_to_end(owner)
        if len(self._failures) > MAX_OWNERS:
            self._failures.popitem(last=False)

    def _recent(self, owner: str, now: float) -> list[float]:
        return [at for at in self._failures.get(owner, ()) if now - at < WINDOW_S]
