"""What workers, the ledger and the store's process tell each other about limits.

worker ──► BucketAsk, QuotaAsk, QuotaReturn, UseCount ──► supervisor's ledger
worker ◄── BucketLease, QuotaLease                    ◄── supervisor's ledger
                the ledger ──► QuotaAsk, QuotaReturn, UseCount ──► control process, the store
                the ledger ◄── QuotaLease                      ◄── control process
"""

from typing import TypeAlias

from msgspec import Struct

from bargate.ledger.counters import Bucket, Quota, Use

# Account, region, usage plan, key: what a quota counts for, however much it allows.
QuotaKey: TypeAlias = tuple[str, str, str, str]


class BucketAsk(Struct, frozen=True, array_like=True):
    """How a worker stands to a bucket, and the tokens that it would like besides.

    `waiting` calls cannot go on without (a part of `wanted`); `held` were leased and not used;
    `used` were used since the ask before, the last of them at `used_at` (monotonic clock).
    """

    bucket: Bucket
    wanted: int
    waiting: int
    held: int
    used: int
    used_at: float


class BucketLease(Struct, frozen=True, array_like=True):
    """`granted` tokens more; when the next may come. `is_void`: what is held is held no more."""

    granted: int
    retry_after_s: float
    is_void: bool = False


class QuotaAsk(Struct, frozen=True, array_like=True):
    """Requests wanted from a quota, of which `waiting` calls cannot go on without."""

    quota: Quota
    wanted: int
    waiting: int


class QuotaLease(Struct, frozen=True, array_like=True):
    """`granted` requests, counted as used on `day` (YYYY-MM-DD), good until `until` (epoch).

    `remaining` are those that nobody has leased then.
    With a `failure` it is not known whether there are any.
    """

    granted: int
    day: str = ""
    until: float = 0.0
    retry_after_s: float = 0.0
    failure: str = ""
    remaining: int | None = None


class QuotaReturn(Struct, frozen=True, array_like=True):
    """Requests leased on `day` that were not used."""

    key: QuotaKey
    day: str
    count: int


class UseCount(Struct, frozen=True, array_like=True):
    """Calls that were counted and not leased before."""

    use: Use
    count: int


def quota_key(limit: Quota | Use) -> QuotaKey:
    """Give what a quota counts for."""
    return limit.account_id, limit.region, limit.usage_plan_id, limit.key_id
