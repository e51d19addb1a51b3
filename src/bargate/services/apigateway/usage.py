"""What the keys of a plan used of its quota, day by day."""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.model.quota import Allowance, Day, period_start
from bargate.records.usage_plan import USAGE_PLAN, UsagePlan
from bargate.records.usage_plan_key import USAGE_PLAN_KEY, UsagePlanKey
from bargate.records.usage_record import USAGE_RECORD, UsageRecord
from bargate.services.apigateway import api_keys, usage_plans
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_listing import Listing, need, page_of
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import present
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_DAYS: Final = 90  # AWS [D]: usage is kept for 90 days
_DATE: Final = re.compile(r"2\d{3}-\d\d-\d\d", re.ASCII)
_MAX_REMAINING: Final = 2**31 - 1
UNLIMITED: Final = -1  # [I] what remains of a plan without a quota


@operation()
def get_usage(call: OperationCall, request: Params) -> Params:
    """Give the use of a plan's keys as `[used, remaining]` a day, from start to end date."""
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    first, last = _range(request["startDate"], request["endDate"])
    keys, position = _keys(call, request, plan)
    items = {each.key_id: _days(call, plan, each, (first, last)) for each in keys}
    return _output(plan, (first, last), items) | present(position=position)


def _keys(
    call: OperationCall, request: Params, plan: UsagePlan
) -> tuple[list[UsagePlanKey], str | None]:
    key_id = request.get("keyId")
    if key_id is not None:
        return [need(call, USAGE_PLAN_KEY, (plan.id, key_id), api_keys.MISSING)], None
    prefix = (call.account_id, call.region, plan.id)
    return page_of(call, request, Listing(kind=USAGE_PLAN_KEY, prefix=prefix))


def _range(start: str, end: str) -> tuple[date, date]:
    first, last = _date(start), _date(end)
    if last < first:
        raise bad_request("Usage start date must not be after the end date")
    if (last - first).days >= MAX_DAYS:
        raise bad_request(f"Usage date range must not be longer than {MAX_DAYS} days")
    return first, last


def _date(text: str) -> date:
    """Read `YYYY-MM-DD`; whatever else ISO 8601 allows is refused."""
    try:
        found = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise bad_request("Invalid date specified: it must be in the form YYYY-MM-DD")
    return found


def _output(plan: UsagePlan, dates: tuple[date, date], items: dict[str, list[list[int]]]) -> Params:
    return {
        "usagePlanId": plan.id,
        "startDate": dates[0].isoformat(),
        "endDate": dates[1].isoformat(),
        "items": items,
    }


class _Usage(Struct, frozen=True):
    """A key's days, and the quota they count against."""

    allowance: Allowance | None
    days: dict[date, Day]

    def remaining(self, day: date) -> int:
        return UNLIMITED if self.allowance is None else self.allowance.remaining(day, self.days)


def allowance_of(plan: UsagePlan, key: UsagePlanKey) -> Allowance | None:
    """Give what a key may use of a plan, None without a quota."""
    if plan.quota is None:
        return None
    return Allowance(
        limit=plan.quota.limit,
        offset=plan.quota.offset,
        period=plan.quota.period,
        first_day=key.created_date.astimezone(UTC).date(),
    )


def _usage(call: OperationCall, plan: UsagePlan, key: UsagePlanKey, first: date) -> _Usage:
    allowance = allowance_of(plan, key)
    if allowance is not None:
        first = period_start(allowance.period, first)
    prefix = (call.account_id, call.region, plan.id, key.key_id)
    before = (*prefix, (first - timedelta(days=1)).isoformat())
    records = call.tx.list(USAGE_RECORD, prefix, after=before, limit=MAX_DAYS + 31)
    days = {date.fromisoformat(each.date): Day(each.used, each.granted) for each in records}
    return _Usage(allowance, days)


def _days(
    call: OperationCall, plan: UsagePlan, key: UsagePlanKey, dates: tuple[date, date]
) -> list[list[int]]:
    usage = _usage(call, plan, key, dates[0])
    days = (dates[0] + timedelta(days=number) for number in range((dates[1] - dates[0]).days + 1))
    return [[usage.days.get(day, Day()).used, usage.remaining(day)] for day in days]


@operation(writes=True)
def update_usage(call: OperationCall, request: Params) -> Params:
    """Set what remains of today's period for one key: the only thing a patch may change."""
    plan = need(call, USAGE_PLAN, (request["usagePlanId"],), usage_plans.MISSING)
    key = need(call, USAGE_PLAN_KEY, (plan.id, request["keyId"]), api_keys.MISSING)
    if plan.quota is None:
        raise bad_request(f"Usage Plan {plan.id} has no quota to extend")
    today = call.now.astimezone(UTC).date()
    left = _usage(call, plan, key, today).remaining(today)
    wanted = patched(left, request, _PATCHES)
    if wanted != left:
        _grant(call, key, today, wanted - left)
    return _output(plan, (today, today), {key.key_id: _days(call, plan, key, (today, today))})


def _grant(call: OperationCall, key: UsagePlanKey, today: date, granted: int) -> None:
    record = UsageRecord(
        account_id=key.account_id,
        region=key.region,
        usage_plan_id=key.usage_plan_id,
        key_id=key.key_id,
        date=today.isoformat(),
    )
    record_key = USAGE_RECORD.key_of(record)
    if call.tx.find(USAGE_RECORD, record_key) is None:
        call.tx.create(USAGE_RECORD, record)
    call.tx.update(
        USAGE_RECORD, record_key, lambda found: replace(found, granted=found.granted + granted)
    )


def _remaining(_: int, step: Step) -> int:
    return step.integer(0, _MAX_REMAINING)


# AWS [D] patch operations: `/remaining` is all that can be replaced
_PATCHES: Final = Table((Rule("/remaining", ("replace",), _remaining),))
