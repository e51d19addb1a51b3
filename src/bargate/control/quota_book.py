"""Quotas in the store: leased, given back and counted, one transaction for many keys.

    AskQuotas ──► returns and uses are booked ──► each ask: what remains of its period?
                                                    └──► booked as used, and then leased

INVARIANT: what is leased was durably counted as used before; of what is lost, nobody has use.

A key's day is the later of today (UTC) and the last day on which it used anything: when the clock
goes back, a day or period that was begun goes on, and none is begun a second time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.ledger.messages import QuotaLease, quota_key
from bargate.model.quota import Allowance, Day, period_start
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY
from bargate.records.usage_record import USAGE_RECORD, UsageRecord

if TYPE_CHECKING:
    from bargate.gateway.channel import AskQuotas
    from bargate.ledger.messages import QuotaAsk, QuotaKey, QuotaReturn, UseCount
    from bargate.store.interface import Reader, Transaction

# What workers hold besides what calls wait for is at most this part of what remains.
_SHARE: Final = 8
_GONE_S: Final = 1.0  # workers will hear very soon that the key is on the plan no more


def book(tx: Transaction, message: AskQuotas, now: datetime) -> tuple[QuotaLease, ...]:
    """Book all that a message says, and lease what it asks for as far as it remains."""
    today = now.astimezone(UTC).date()
    for each in message.returns:
        _give_back(tx, each)
    for use in message.uses:
        _count(tx, use, today)
    return tuple(_lease(tx, ask, now) for ask in message.asks)


def _lease(tx: Transaction, ask: QuotaAsk, now: datetime) -> QuotaLease:
    key = quota_key(ask.quota)
    plan = tx.find(USAGE_PLAN, key[:3])
    on_plan = tx.find(USAGE_PLAN_KEY, key)
    if plan is None or on_plan is None:
        return QuotaLease(0, retry_after_s=_GONE_S)
    from bargate.services.apigateway.usage import allowance_of  # noqa: PLC0415  as in `parts`

    allowance = allowance_of(plan, on_plan)
    day, days = _days(tx, key, allowance, now.astimezone(UTC).date())
    granted, left = ask.wanted, None
    if allowance is not None:
        remaining = allowance.remaining(day, days)
        granted = min(ask.wanted, remaining, max(ask.waiting, remaining // _SHARE))
        if not granted:
            over_s = (_end(_last_day(allowance, day)) - now).total_seconds()
            return QuotaLease(0, retry_after_s=0.0 if remaining else over_s)
        left = remaining - granted
    _add(tx, key, day, granted)
    return QuotaLease(granted, day.isoformat(), _end(day).timestamp(), remaining=left)


def _days(
    tx: Reader, key: QuotaKey, allowance: Allowance | None, today: date
) -> tuple[date, dict[date, Day]]:
    """Give the day that a key is in, and what its period took from the quota so far."""
    first = today if allowance is None else period_start(allowance.period, today)
    after = (*key, (first - timedelta(days=1)).isoformat())
    days = {
        date.fromisoformat(each.date): Day(each.used, each.granted)
        for each in tx.list(USAGE_RECORD, key, after=after)
    }
    begun = [day for day, count in days.items() if count.used]
    return max(today, *begun) if begun else today, days


def _last_day(allowance: Allowance, day: date) -> date:
    """Give the last day of the period that `day` is in."""
    start = each = period_start(allowance.period, day)
    while period_start(allowance.period, each) == start:
        each += timedelta(days=1)
    return each - timedelta(days=1)


def _end(day: date) -> datetime:
    """Give the moment at which a day is over."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _give_back(tx: Transaction, returned: QuotaReturn) -> None:
    key = (*returned.key, returned.day)
    if tx.find(USAGE_RECORD, key) is not None:
        tx.update(
            USAGE_RECORD,
            key,
            lambda found: replace(found, used=max(0, found.used - returned.count)),
        )


def _count(tx: Transaction, use: UseCount, today: date) -> None:
    """Count use that was not leased, unless the key is on the plan no more."""
    key = quota_key(use.use)
    if tx.find(USAGE_PLAN_KEY, key) is None:
        return
    day, _ = _days(tx, key, None, today)
    _add(tx, key, day, use.count)


def _add(tx: Transaction, key: QuotaKey, day: date, count: int) -> None:
    account_id, region, usage_plan_id, key_id = key
    record = UsageRecord(
        account_id=account_id,
        region=region,
        usage_plan_id=usage_plan_id,
        key_id=key_id,
        date=day.isoformat(),
        used=count,
    )
    record_key = USAGE_RECORD.key_of(record)
    if tx.find(USAGE_RECORD, record_key) is None:
        tx.create(USAGE_RECORD, record)
    else:
        tx.update(USAGE_RECORD, record_key, lambda found: replace(found, used=found.used + count))
