"""Long-term access keys of users and of the root user, and when they were last used."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind


class AccessKey(Struct, frozen=True, kw_only=True):
    """An access key; `owner_id` is the user's id, or the account's id for the root user."""

    account_id: str
    owner_id: str
    id: str
    secret: Secret
    created_at: datetime
    status: Literal["Active", "Inactive"] = "Active"


class AccessKeyUse(Struct, frozen=True, kw_only=True):
    """The last use of a key. Kept apart, so that a use is no change of who may call."""

    account_id: str
    access_key_id: str
    used_at: datetime
    service: str
    region: str


ACCESS_KEY: Kind[AccessKey] = Kind(
    "iam_access_key",
    AccessKey,
    lambda key: (key.account_id, key.owner_id, key.id),
    (Index("id", lambda key: (key.id,), unique=True),),
)

ACCESS_KEY_USE: Kind[AccessKeyUse] = Kind(
    "iam_access_key_use", AccessKeyUse, lambda use: (use.account_id, use.access_key_id)
)
