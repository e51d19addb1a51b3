"""Customer managed policies, their versions, and what uses a managed policy."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Index, Kind

EntityKind = Literal["user", "group", "role"]
Usage = Literal["PermissionsPolicy", "PermissionsBoundary"]


class ManagedPolicy(Struct, frozen=True, kw_only=True):
    """A customer managed policy (ANPA…); it is never renamed, so its ARN stands for it.

    `default_version` and `latest_version` are numbers: 3 is `v3`. Numbers are not used again.
    """

    account_id: str
    id: str
    name: str
    path: str
    created_at: datetime
    updated_at: datetime
    default_version: int = 1
    latest_version: int = 1
    partition: str = "aws"
    description: str | None = None
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:{self.partition}:iam::{self.account_id}:policy{self.path}{self.name}"


class PolicyVersion(Struct, frozen=True, kw_only=True):
    """One version of a customer managed policy; its document never changes."""

    account_id: str
    policy_id: str
    number: int
    document: str
    created_at: datetime


class Attachment(Struct, frozen=True, kw_only=True):
    """A managed policy (AWS's or a customer's) that an entity uses, attached or as its boundary."""

    account_id: str
    usage: Usage
    policy_arn: str
    entity_kind: EntityKind
    entity_id: str


def version_key(account_id: str, policy_id: str, number: int) -> tuple[str, str, str]:
    """Give a version's key; numbers sort as texts."""
    return (account_id, policy_id, f"{number:010d}")


MANAGED_POLICY: Kind[ManagedPolicy] = Kind(
    "iam_managed_policy",
    ManagedPolicy,
    lambda policy: (policy.account_id, policy.name.lower()),
)

POLICY_VERSION: Kind[PolicyVersion] = Kind(
    "iam_policy_version",
    PolicyVersion,
    lambda each: version_key(each.account_id, each.policy_id, each.number),
)

ATTACHMENT: Kind[Attachment] = Kind(
    "iam_attachment",
    Attachment,
    lambda each: (
        each.account_id,
        each.usage,
        each.policy_arn,
        each.entity_kind,
        each.entity_id,
    ),
    (
        Index(
            "entity",
            lambda each: (each.account_id, each.usage, each.entity_kind, each.entity_id),
        ),
    ),
)
