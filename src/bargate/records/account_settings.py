"""What API Gateway keeps of an account itself, per Region."""

from msgspec import Struct

from bargate.store.kind import Kind


class AccountSettings(Struct, frozen=True, kw_only=True):
    """Settings of an account in a Region; the throttle is AWS's [D] apigw-objects §1."""

    account_id: str
    region: str
    cloudwatch_role_arn: str | None = None
    throttle_rate_limit: float = 10_000.0
    throttle_burst_limit: int = 5_000


ACCOUNT_SETTINGS = Kind(
    "account_settings", AccountSettings, lambda record: (record.account_id, record.region)
)
