"""IAM roles, those linked to a service among them."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class Role(Struct, frozen=True, kw_only=True):
    """An IAM role; its id is AROA….

    `trust_policy` is JSON in which user and role ARNs have become unique ids, so that a principal
    made again under its old name is another one (AWS [D] iam-sts §2). `service` is the service
    principal a service-linked role belongs to.
    """

    account_id: str
    id: str
    name: str
    path: str
    created_at: datetime
    trust_policy: str
    partition: str = "aws"
    description: str | None = None
    max_session_duration_s: int = 3600
    tags: dict[str, str] = {}
    service: str | None = None

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:{self.partition}:iam::{self.account_id}:role{self.path}{self.name}"


class RoleUse(Struct, frozen=True, kw_only=True):
    """The last use of a role. Kept apart, so that a use is no change of what the role may do."""

    account_id: str
    role_id: str
    used_at: datetime
    region: str


class RoleDeletion(Struct, frozen=True, kw_only=True):
    """That a service-linked role was deleted, for those who ask how far it is."""

    account_id: str
    id: str
    deleted_at: datetime


ROLE: Kind[Role] = Kind(
    "iam_role",
    Role,
    lambda role: (role.account_id, role.id),
    (
        Index("name", lambda role: (role.account_id, role.name.lower()), unique=True),
        Index("id", lambda role: (role.id,), unique=True),
    ),
)

ROLE_DELETION: Kind[RoleDeletion] = Kind(
    "iam_role_deletion", RoleDeletion, lambda each: (each.account_id, each.id)
)

ROLE_USE: Kind[RoleUse] = Kind("iam_role_use", RoleUse, lambda use: (use.account_id, use.role_id))
