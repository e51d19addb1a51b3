"""Instance profiles: a role's container for EC2."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class InstanceProfile(Struct, frozen=True, kw_only=True):
    """An instance profile (AIPA…) with at most one role, by its id."""

    account_id: str
    id: str
    name: str
    path: str
    created_at: datetime
    partition: str = "aws"
    role_id: str | None = None
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:{self.partition}:iam::{self.account_id}:instance-profile{self.path}{self.name}"


INSTANCE_PROFILE: Kind[InstanceProfile] = Kind(
    "iam_instance_profile",
    InstanceProfile,
    lambda each: (each.account_id, each.name.lower()),
    (Index("role", lambda each: each.role_id and (each.account_id, each.role_id)),),
)
