"""How often one user may be asked for in an hour, by operation (AWS [D] cognito-userpools §8).

Counted in memory, by user, and for users who do not exist by name: a restart ends the counts.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping

PERIOD_S: Final = 3_600.0
MAX_COUNTS: Final = 400_000
# AWS [D] §8; ForgotPassword is 5 to 20 there, ConfirmForgotPassword [I] as ConfirmSignUp.
LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "ConfirmSignUp": 15,
        "ResendConfirmationCode": 5,
        "ForgotPassword": 5,
        "ConfirmForgotPassword": 15,
        "UserMigration": 5,  # [I] of ForgotPassword, for those whom nobody knows yet
        "ChangePassword": 5,
        "VerifyUserAttribute": 15,
        "GetUserAttributeVerificationCode": 5,
    }
)


class Count(Struct, frozen=True):
    """So many since `since_s` (seconds since the epoch)."""

    since_s: float
    number: int


class AttemptLimits:
    """The counts of all users; what was counted longest ago is forgotten first."""

    def __init__(self, max_counts: int = MAX_COUNTS) -> None:
        self._counts: OrderedDict[tuple[str, str, str], Count] = OrderedDict()
        self._max_counts = max_counts
        self._lock = threading.Lock()  # transactions count, too, in the store's thread

    def take(self, operation: str, pool_id: str, name: str, now_s: float) -> None:
        """Count one; raises LimitExceededException when there were as many as may be."""
        key = (operation, pool_id, name)
        with self._lock:
            count = self._current(key, now_s) or Count(now_s, 0)
            if count.number >= LIMITS[operation]:
                message = "Attempt limit exceeded, please try after some time."
                raise AwsError("LimitExceededException", message)
            self._counts[key] = Count(count.since_s, count.number + 1)
            self._counts.move_to_end(key)
            if len(self._counts) > self._max_counts:
                self._counts.popitem(last=False)

    def was_taken(self, operation: str, pool_id: str, name: str, now_s: float) -> bool:
        """Say whether one was counted within the hour."""
        return self._current((operation, pool_id, name), now_s) is not None

    def _current(self, key: tuple[str, str, str], now_s: float) -> Count | None:
        count = self._counts.get(key)
        return None if count is None or now_s - count.since_s >= PERIOD_S else count
