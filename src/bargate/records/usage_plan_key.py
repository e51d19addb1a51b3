"""Which API keys are on which usage plans."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class UsagePlanKey(Struct, frozen=True, kw_only=True):
    """An API key on a usage plan; its first quota period is that of `created_date`."""

    account_id: str
    region: str
    usage_plan_id: str
    key_id: str
    key_type: str = "API_KEY"
    created_date: datetime


USAGE_PLAN_KEY = Kind(
    "usage_plan_key",
    UsagePlanKey,
    lambda record: (record.account_id, record.region, record.usage_plan_id, record.key_id),
    indexes=(
        Index(
            "key",
            lambda record: (record.account_id, record.region, record.key_id, record.usage_plan_id),
        ),
    ),
)
