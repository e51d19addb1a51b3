"""What a key used of its plan's quota, day by day (UTC)."""

from msgspec import Struct

from bargate.store.kind import Kind


class UsageRecord(Struct, frozen=True, kw_only=True):
    """One day of one key on one plan. `date` is `YYYY-MM-DD`.

    `granted` is what UpdateUsage added to (or, negative, took from) what remains of the period.
    """

    account_id: str
    region: str
    usage_plan_id: str
    key_id: str
    date: str
    used: int = 0
    granted: int = 0


USAGE_RECORD = Kind(
    "usage_record",
    UsageRecord,
    lambda record: (
        record.account_id,
        record.region,
        record.usage_plan_id,
        record.key_id,
        record.date,
    ),
)
