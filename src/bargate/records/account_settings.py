"""What API Gateway keeps of an account itself, per Region."""

from msgspec import Struct

from bargate.store.kind import Kind


class AccountSettings(Struct, frozen=True, kw_only=True):
    """Settings of an account in a Region."""

    account_id: str
    region: str
    cloudwatch_role_arn: str | None = None


ACCOUNT_SETTINGS = Kind(
    "account_settings", AccountSettings, lambda record: (record.account_id, record.region)
)
