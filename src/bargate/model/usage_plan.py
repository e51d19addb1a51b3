"""API keys and usage plans, as workers need them.

The control plane says which plans a key is on; which stages and how much are the plan's.
"""

from __future__ import annotations

from msgspec import Struct

from bargate.model.quota import Period  # noqa: TC001  msgspec looks it up

# AWS [D] apigw-objects §1: what holds where one half of a throttle is left out.
DEFAULT_RATE, DEFAULT_BURST = 10_000.0, 5_000


class Throttle(Struct, frozen=True, kw_only=True):
    """A token bucket: `rate_limit` tokens a second, at most `burst_limit` of them."""

    rate_limit: float
    burst_limit: int


class PlanQuota(Struct, frozen=True, kw_only=True):
    """`limit` requests a period; `offset` of them are taken away in the first period only."""

    limit: int
    offset: int = 0
    period: Period


class PlanStage(Struct, frozen=True, kw_only=True):
    """A stage that a plan opens; `throttle` maps `/pets/GET` (the root: `//GET`) to a bucket."""

    api_id: str
    stage: str
    throttle: dict[str, Throttle] = {}


class UsagePlan(Struct, frozen=True, kw_only=True, tag="plan"):
    """A usage plan."""

    account_id: str
    region: str
    id: str
    name: str
    stages: tuple[PlanStage, ...] = ()
    throttle: Throttle | None = None
    quota: PlanQuota | None = None


class KeyOnPlan(Struct, frozen=True):
    """A plan that a key is on; its first quota period is the one of `first_day` (YYYY-MM-DD)."""

    usage_plan_id: str
    first_day: str


class ApiKey(Struct, frozen=True, kw_only=True, tag="api_key"):
    """An API key, found by the SHA-256 digest (hex) of its value.

    A disabled key is published too, so that `bargate why` can say so; keys on no plan are not.
    """

    account_id: str
    region: str
    id: str
    digest: str
    enabled: bool
    plans: tuple[KeyOnPlan, ...] = ()
