"""IAM groups and who is in them."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class Group(Struct, frozen=True, kw_only=True):
    """An IAM group; its id is AGPA…."""

    account_id: str
    id: str
    name: str
    path: str
    created_at: datetime
    partition: str = "aws"

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:{self.partition}:iam::{self.account_id}:group{self.path}{self.name}"


class Membership(Struct, frozen=True, kw_only=True):
    """A user in a group, both by id."""

    account_id: str
    group_id: str
    user_id: str


GROUP: Kind[Group] = Kind(
    "iam_group",
    Group,
    lambda group: (group.account_id, group.id),
    (Index("name", lambda group: (group.account_id, group.name.lower()), unique=True),),
)

MEMBERSHIP: Kind[Membership] = Kind(
    "iam_membership",
    Membership,
    lambda each: (each.account_id, each.group_id, each.user_id),
    (Index("user", lambda each: (each.account_id, each.user_id)),),
)
