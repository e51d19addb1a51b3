"""User names and passwords of users for one AWS service."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class ServiceSpecificCredential(Struct, frozen=True, kw_only=True):
    """A credential (ACCA…) for one service."""

    account_id: str
    user_id: str
    id: str
    service: str
    user_name: str
    password: Secret
    created_at: datetime
    expires_at: datetime | None = None
    status: Literal["Active", "Inactive"] = "Active"


SERVICE_SPECIFIC_CREDENTIAL: Kind[ServiceSpecificCredential] = Kind(
    "iam_service_specific_credential",
    ServiceSpecificCredential,
    lambda each: (each.account_id, each.user_id, each.id),
)
