"""Wrong passwords in a row lock a name: 2^(n-5) seconds from the fifth on (AWS [D] §8).

A lock is at most 15 minutes, an attempt under it neither counts nor extends it, and 15 quiet
minutes end the count. Unknown names are locked as known ones are.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections import OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterator

FREE_FAILURES: Final = 5
MAX_LOCK_S: Final = 900.0
QUIET_S: Final = 900.0
MAX_NAMES: Final = 200_000
MAX_AT_ONCE: Final = 16
_MAX_DOUBLINGS: Final = 10


class Failures(Struct, frozen=True):
    """So many failures in a row, the last of them at `last_s` (seconds since the epoch)."""

    count: int = 0
    last_s: float = 0.0

    def locked_until_s(self) -> float:
        """Give when the lock ends."""
        over = self.count - FREE_FAILURES
        if over < 0:
            return 0.0
        return self.last_s + min(2.0 ** min(over, _MAX_DOUBLINGS), MAX_LOCK_S)

    def after(self, now_s: float) -> Failures:
        """Give what they are after one more."""
        return Failures(1 if now_s - self.last_s >= QUIET_S else self.count + 1, now_s)


class Lockouts:
    """The failures of all names, in memory: a refusal writes nothing.

    Who guesses across restarts of the process wins five guesses with each. The least recently
    failed name is forgotten first when there are more than `MAX_NAMES`.
    """

    def __init__(self, max_names: int = MAX_NAMES) -> None:
        self._failures: OrderedDict[tuple[str, str], Failures] = OrderedDict()
        self._at_once: dict[tuple[str, str], int] = {}
        self._max_names = max_names

    def check(self, pool_id: str, name: str, now_s: float) -> None:
        """Raise NotAuthorizedException while a name is locked."""
        found = self._failures.get((pool_id, name))
        if found is not None and now_s < found.locked_until_s():
            raise AwsError("NotAuthorizedException", "Password attempts exceeded")

    @contextmanager
    def attempt(self, pool_id: str, name: str, now_s: float) -> Iterator[Attempt]:
        """Let one password be looked at; the block says by `settle` whether it was right.

        Raises NotAuthorizedException while the name is locked, TooManyRequestsException when too
        many are looked at already: else so many guesses at once would all pass before one counts.
        """
        self.check(pool_id, name, now_s)
        key = (pool_id, name)
        if self._at_once.get(key, 0) >= MAX_AT_ONCE:
            raise AwsError("TooManyRequestsException", "Rate exceeded")
        self._at_once[key] = self._at_once.get(key, 0) + 1
        attempt = Attempt()
        try:
            yield attempt
        except CancelledError:
            attempt.settle(is_right=False)
            raise
        finally:
            self._at_once[key] -= 1
            if not self._at_once[key]:
                del self._at_once[key]
            self._note(key, attempt.is_right, now_s)

    def _note(self, key: tuple[str, str], is_right: bool | None, now_s: float) -> None:  # noqa: FBT001  three answers
        if is_right:
            self._failures.pop(key, None)
        if is_right is not False:
            return
        self._failures[key] = self._failures.get(key, Failures()).after(now_s)
        self._failures.move_to_end(key)
        if len(self._failures) > self._max_names:
            self._failures.popitem(last=False)


class Attempt:
    """One look at a password; None until it is settled, and then nothing is counted."""

    __slots__ = ("is_right",)

    def __init__(self) -> None:
        self.is_right: bool | None = None

    def settle(self, *, is_right: bool) -> bool:
        """Say how it ended, and give that back."""
        self.is_right = is_right
        return is_right
