"""What workers are sent of API keys and usage plans, as they are stored now."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from bargate.model.usage_plan import (
    DEFAULT_BURST,
    DEFAULT_RATE,
    ApiKey,
    KeyOnPlan,
    PlanQuota,
    PlanStage,
    Throttle,
    UsagePlan,
)
from bargate.records.api_key import KNOWN_KEY
from bargate.records.usage_plan import USAGE_PLAN
from bargate.records.usage_plan_key import USAGE_PLAN_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bargate.records.api_key import KnownKey
    from bargate.records.usage_plan import Quota
    from bargate.records.usage_plan import Throttle as StoredThrottle
    from bargate.records.usage_plan_key import UsagePlanKey
    from bargate.store.interface import Reader
    from bargate.store.kind import Key


def served_key(tx: Reader, key: Key) -> ApiKey | None:
    """Give what is served of the key of the API_KEY record `key`; None for one on no plan."""
    found = tx.find(KNOWN_KEY, key)
    if found is None:
        return None
    account_id, region, key_id = key
    on_plans = tx.list_by(USAGE_PLAN_KEY, "key", (account_id, region, key_id))
    return _key(found, on_plans) if on_plans else None


def served_keys(tx: Reader) -> Iterator[tuple[Key, ApiKey]]:
    """Give all keys that are on a plan, with the keys of their records, in one pass each."""
    plans: dict[Key, list[UsagePlanKey]] = {}
    for on_plan in tx.list(USAGE_PLAN_KEY):
        place = (on_plan.account_id, on_plan.region, on_plan.key_id)
        plans.setdefault(place, []).append(on_plan)
    for found in tx.list(KNOWN_KEY):
        key = KNOWN_KEY.key_of(found)
        if key in plans:
            yield key, _key(found, plans[key])


def served_plan(tx: Reader, key: Key) -> UsagePlan | None:
    """Give what is served of the USAGE_PLAN record `key`."""
    found = tx.find(USAGE_PLAN, key)
    if found is None:
        return None
    return UsagePlan(
        account_id=found.account_id,
        region=found.region,
        id=found.id,
        name=found.name,
        stages=tuple(
            PlanStage(
                api_id=each.api_id,
                stage=each.stage,
                throttle={method: _throttle(limits) for method, limits in each.throttle.items()},
            )
            for each in found.api_stages
        ),
        throttle=None if found.throttle is None else _throttle(found.throttle),
        quota=None if found.quota is None else _quota(found.quota),
    )


def _key(found: KnownKey, on_plans: Iterable[UsagePlanKey]) -> ApiKey:
    return ApiKey(
        account_id=found.account_id,
        region=found.region,
        id=found.id,
        digest=found.digest,
        enabled=found.enabled,
        plans=tuple(
            KeyOnPlan(each.usage_plan_id, each.created_date.astimezone(UTC).date().isoformat())
            for each in on_plans
        ),
    )


def _throttle(stored: StoredThrottle) -> Throttle:
    return Throttle(
        rate_limit=DEFAULT_RATE if stored.rate_limit is None else stored.rate_limit,
        burst_limit=DEFAULT_BURST if stored.burst_limit is None else stored.burst_limit,
    )


def _quota(stored: Quota) -> PlanQuota:
    return PlanQuota(limit=stored.limit, offset=stored.offset, period=stored.period)
