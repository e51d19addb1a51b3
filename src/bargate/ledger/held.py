"""What one worker holds of one limit, and what it remembers of the ledger's last answer."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from bargate.ledger.counters import Bucket, Quota
from bargate.ledger.messages import BucketAsk

if TYPE_CHECKING:
    from bargate.ledger.counters import Limit

# Something is asked for ahead of the calls at once. Of a quota that is little of what it allows, or
# a part of what a busy key used: until it comes back, what is leased shows in GetUsage.
_AHEAD: Final = 8
_MOST_AT_ONCE: Final = 64
_LITTLE: Final = 4_096
_BUSY: Final = 16
# For how long something is held that nobody takes of: longer where it is little of the whole.
IDLE_S: Final = 0.5
IDLE_LITTLE_S: Final = 10.0
_MAX_AHEAD: Final = 5_000
_UNLIMITED: Final = 1 << 62


class Held:
    """Tokens of a limit. Instants are on the monotonic clock, `until` of a quota on the wall's.

    `left` is what the ledger had of a quota when it leased this. `used` and `used_at` are what the
    ledger was not told of yet; `taken` and `taken_before` count since the last tick and between the
    two before; `low` is how few tokens make it ask for more; `asked` says how many it asked for, and
    how many calls wait for those, while that is under way.
    """

    __slots__ = (
        "asked", "asked_at", "day", "failure", "failure_until", "is_quota", "left", "limit", "low",
        "retry_at", "spent_until", "taken", "taken_before", "tokens", "until", "used", "used_at", "usual",
        "waiting",
    )  # fmt: skip

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.is_quota = isinstance(limit, Quota)
        self.tokens = 0
        self.until = 0.0
        self.day = ""
        self.used = 0
        self.used_at = 0.0
        self.taken = 0
        self.taken_before = 0
        self.low = 0
        self.waiting = 0
        self.asked: tuple[int, int] | None = None
        self.asked_at = 0.0
        self.spent_until = 0.0
        self.retry_at = 0.0
        self.failure = ""
        self.failure_until = 0.0
        self.left: int | None = None
        self.usual = usual(limit)
        if isinstance(limit, Bucket):
            if limit.rate <= 0 or limit.burst <= 0:
                self.spent_until = self.retry_at = inf
        elif not self.is_quota:
            self.tokens, self.until = _UNLIMITED, inf

    def has(self, now: float, instant: float) -> bool:
        """Say whether one can be taken; `now` is the call's wall-clock time."""
        return self.tokens > 0 and (now if self.is_quota else instant) < self.until

    def lacks(self, now: float, instant: float) -> bool:
        """Say whether only the ledger knows if there is one."""
        return (
            not self.has(now, instant)
            and instant >= self.spent_until
            and instant >= self.failure_until
        )

    def ahead(self) -> int:
        """Give how many to ask for besides those that calls wait for: a few ticks' worth."""
        recent = self.taken + self.taken_before
        if self.is_quota:
            busy = recent // 4 if recent >= _BUSY else 0
            return min(max(self.usual, busy), _MAX_AHEAD)
        return min(max(self.usual, recent // 4), _MAX_AHEAD)

    def ask(self, instant: float) -> tuple[int, int]:
        """Give how many are wanted, and how many of them calls wait for; nobody waits then."""
        is_low = self.tokens < self.low and (self.taken or self.taken_before)
        is_due = self.waiting or (is_low and instant >= self.spent_until)
        self.asked = (self.waiting + self.ahead() if is_due else 0, self.waiting)
        self.asked_at = instant
        self.waiting = 0
        return self.asked

    def bucket_ask(self, instant: float) -> BucketAsk:
        """Say how the worker stands to a bucket; what it held for too long it holds no more."""
        bucket = self.limit
        assert isinstance(bucket, Bucket)  # noqa: S101  the others are asked for elsewhere
        if instant >= self.until:
            self.tokens = 0
        wanted, waiting = self.ask(instant)
        ask = BucketAsk(bucket, wanted, waiting, self.tokens, self.used, self.used_at)
        self.used = 0
        return ask

    def answered(self, granted: int, retry_s: float, remember_s: float, instant: float) -> None:
        """Take note of what was leased of what was asked for."""
        wanted, waiting = self.asked or (0, 0)
        self.asked = None
        if not wanted:
            return
        self.tokens += granted
        self.low = granted // 2
        self.failure_until = 0.0
        if granted < waiting:
            self.spent_until = instant + min(retry_s, remember_s)
            self.retry_at = instant + retry_s

    def fail(self, failure: str, until: float) -> None:
        """Remember why it is not known whether there are any."""
        self.asked = None
        self.failure, self.failure_until = failure, until

    def is_idle(self, instant: float) -> bool:
        """Say whether nothing was taken for a while."""
        idle_s = IDLE_LITTLE_S if self.is_quota and self.usual and self.tokens else IDLE_S
        return not self.waiting and instant - max(self.used_at, self.asked_at) >= idle_s


def usual(limit: Limit) -> int:
    """Give how many to ask for ahead when nothing is known of the calls: a little of a quota."""
    if isinstance(limit, Bucket):
        return max(_AHEAD, min(_MOST_AT_ONCE, limit.burst // _LITTLE))
    return min(_MOST_AT_ONCE, limit.allowance.limit // _LITTLE) if isinstance(limit, Quota) else 0
