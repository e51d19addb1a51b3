"""IAM users. The name may change, the id (AIDA…) never does: everything else refers to the id."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Index, Kind


class User(Struct, frozen=True, kw_only=True):
    """An IAM user; names are unique in an account whatever their case (AWS [D])."""

    account_id: str
    id: str
    name: str
    path: str
    created_at: datetime
    partition: str = "aws"
    tags: dict[str, str] = {}
    password_last_used_at: datetime | None = None

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"arn:{self.partition}:iam::{self.account_id}:user{self.path}{self.name}"


USER: Kind[User] = Kind(
    "iam_user",
    User,
    lambda user: (user.account_id, user.id),
    (
        Index("name", lambda user: (user.account_id, user.name.lower()), unique=True),
        Index("id", lambda user: (user.id,), unique=True),
    ),
)
