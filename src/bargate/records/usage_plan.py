"""Usage plans (`apigateway`): which stages their keys open, and how often."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind


class Throttle(Struct, frozen=True, kw_only=True):
    """A token bucket: `rate_limit` tokens a second, at most `burst_limit` of them."""

    rate_limit: float | None = None
    burst_limit: int | None = None


class Quota(Struct, frozen=True, kw_only=True):
    """`limit` requests a period; `offset` of them are taken away in the first period only."""

    limit: int
    offset: int = 0
    period: Literal["DAY", "WEEK", "MONTH"]


class ApiStage(Struct, frozen=True, kw_only=True):
    """A stage that a plan opens; `throttle` maps `/pets/GET` (the root: `//GET`) to a bucket."""

    api_id: str
    stage: str
    throttle: dict[str, Throttle] = {}


class UsagePlan(Struct, frozen=True, kw_only=True):
    """A usage plan."""

    account_id: str
    region: str
    id: str
    name: str
    description: str | None = None
    api_stages: tuple[ApiStage, ...] = ()
    throttle: Throttle | None = None
    quota: Quota | None = None
    product_code: str | None = None
    created_date: datetime
    tags: dict[str, str] = {}


USAGE_PLAN = Kind(
    "usage_plan", UsagePlan, lambda record: (record.account_id, record.region, record.id)
)
