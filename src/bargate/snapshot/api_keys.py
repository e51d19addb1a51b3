"""API keys and usage plans in memory: found by digest, each key's limits worked out once a stage.

apply(name, part | None) ──► keys by digest, plans by id
                                 │
admit(stage, digest) ────────────┴──► Admission | NotAdmitted       remembered until anything changes
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from bargate.access.api_keys import UNKNOWN, Admission, NotAdmitted
from bargate.ledger.counters import Bucket, Quota, Use
from bargate.model.quota import Allowance
from bargate.model.usage_plan import ApiKey, UsagePlan

if TYPE_CHECKING:
    from bargate.access.api_keys import StageKey
    from bargate.ledger.counters import Limit
    from bargate.model.usage_plan import KeyOnPlan, PlanStage

MAX_REMEMBERED = 200_000
_PlanKey: TypeAlias = tuple[str, str, str]
_DISABLED = "API key {} is disabled"
_ON_NO_PLAN = "API key {} is on no usage plan of this stage"


class CompiledApiKeys:
    """The `ApiKeys` of a worker, changed part by part between two calls."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}  # by account, region and digest
        self._named: dict[str, ApiKey] = {}
        self._plans: dict[str, UsagePlan] = {}
        self._admitted: dict[tuple[StageKey, str], Admission] = {}

    def apply(self, name: str, part: object | None) -> None:
        """Take over a part by its name (`snapshot.parts`), None when it is gone."""
        self._admitted.clear()
        if isinstance(part, UsagePlan):
            self._plans[name] = part
        elif isinstance(part, ApiKey):
            self._forget(name)
            self._named[name] = self._keys[_place(part.account_id, part.region, part.digest)] = part
        else:
            self._plans.pop(name, None)
            self._forget(name)

    def admit(self, stage: StageKey, digest: str) -> Admission | NotAdmitted:
        """Give what the key with this digest of its value may do at a stage."""
        known = self._admitted.get((stage, digest))
        if known is not None:
            return known
        account_id, region, api_id, name = stage
        key = self._keys.get(_place(account_id, region, digest))
        if key is None:
            return UNKNOWN
        if not key.enabled:
            return NotAdmitted("api_key.disabled", _DISABLED.format(key.id))
        for on_plan in key.plans:
            plan = self._plans.get(f"plan/{account_id}/{region}/{on_plan.usage_plan_id}")
            opened = None if plan is None else _stage_of(plan, api_id, name)
            if plan is not None and opened is not None:
                return self._remember((stage, digest), _admission(key, plan, on_plan, opened))
        return NotAdmitted("api_key.on_no_plan", _ON_NO_PLAN.format(key.id))

    def _remember(self, key: tuple[StageKey, str], admission: Admission) -> Admission:
        if len(self._admitted) >= MAX_REMEMBERED:
            self._admitted.clear()
        self._admitted[key] = admission
        return admission

    def _forget(self, name: str) -> None:
        """Forget a key, unless its value has become another's meanwhile."""
        old = self._named.pop(name, None)
        if old is None:
            return
        place = _place(old.account_id, old.region, old.digest)
        if self._keys.get(place) is old:
            del self._keys[place]


def _place(account_id: str, region: str, digest: str) -> str:
    return f"{account_id}/{region}/{digest}"


def _stage_of(plan: UsagePlan, api_id: str, name: str) -> PlanStage | None:
    found = (each for each in plan.stages if (each.api_id, each.stage) == (api_id, name))
    return next(found, None)


def _admission(key: ApiKey, plan: UsagePlan, on_plan: KeyOnPlan, opened: PlanStage) -> Admission:
    # AWS [D] apigw-objects §1: per key, over all stages of the plan together.
    name = f"plan/{plan.account_id}/{plan.region}/{plan.id}/{key.id}"
    limits: list[Limit] = []
    if plan.throttle is not None:
        limits.append(Bucket(name, plan.throttle.rate_limit, plan.throttle.burst_limit))
    limits.append(_counted(key, plan, on_plan))
    # [I] A method's bucket holds beside the plan's: AWS does not say that it takes its place.
    methods = {
        method: Bucket(
            f"{name}/{opened.api_id}/{opened.stage}{method}",
            throttle.rate_limit,
            throttle.burst_limit,
        )
        for method, throttle in opened.throttle.items()
    }
    return Admission(
        key_id=key.id,
        plan_id=plan.id,
        plan_name=plan.name,
        limits=tuple(limits),
        methods=methods,
    )


def _counted(key: ApiKey, plan: UsagePlan, on_plan: KeyOnPlan) -> Quota | Use:
    """Give the quota of a key on a plan, or what counts its use where there is none."""
    if plan.quota is None:
        return Use(plan.account_id, plan.region, plan.id, key.id)
    allowance = Allowance(
        limit=plan.quota.limit,
        offset=plan.quota.offset,
        period=plan.quota.period,
        first_day=date.fromisoformat(on_plan.first_day),
    )
    return Quota(plan.account_id, plan.region, plan.id, key.id, allowance)
