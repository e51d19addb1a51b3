"""What a step asks about limits, without ever waiting, and what it is answered."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from bargate.model.quota import Allowance


class Bucket(Struct, frozen=True, cache_hash=True):
    """A token bucket: `rate` tokens a second, at most `burst` of them; if one is 0, none passes.

    `name` is unique in the installation; two buckets of one name are one.
    """

    name: str
    rate: float
    burst: int


class Quota(Struct, frozen=True, cache_hash=True):
    """What a key may use of its plan in each period; counted in the store, day by day."""

    account_id: str
    region: str
    usage_plan_id: str
    key_id: str
    allowance: Allowance


class Use(Struct, frozen=True, cache_hash=True):
    """Always to be had: a call of a key on a plan without a quota, counted for GetUsage alone."""

    account_id: str
    region: str
    usage_plan_id: str
    key_id: str


Limit: TypeAlias = Bucket | Quota | Use


class Taken(Struct, frozen=True):
    """One was taken of each limit."""


class Spent(Struct, frozen=True):
    """`limit` is reached: nothing was taken of any. `retry_after_s` is when it may be otherwise.

    It is infinite for a bucket that never lets anything through.
    """

    limit: Limit
    retry_after_s: float


class Lacking(Struct, frozen=True):
    """Nothing was taken: these limits must be asked for first, then all are to be taken anew."""

    limits: tuple[Limit, ...]


class Unreachable(Struct, frozen=True):
    """The ledger does not answer, and nothing is left of what it leased. Nothing was taken."""

    detail: str


Counted: TypeAlias = Taken | Spent | Lacking | Unreachable


class Counters(Protocol):
    """The limits as one worker knows them."""

    def take(self, limits: Sequence[Limit], now: float) -> Counted:
        """Take one of every limit, or of none. `now` is the call's (seconds, epoch)."""

    def remaining(self, quota: Quota) -> int | None:
        """Give what is left of a quota as far as it is known here, to tell the operator."""


class NoLedger:
    """The counters of a gateway without a ledger: whatever is limited is refused."""

    def take(self, limits: Sequence[Limit], now: float) -> Counted:  # noqa: ARG002  the protocol's
        """Take nothing."""
        return Taken() if not limits else Unreachable("this gateway has no ledger")

    def remaining(self, quota: Quota) -> int | None:  # noqa: ARG002  the protocol's
        """Know nothing."""
        return None
