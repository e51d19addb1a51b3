"""Links to load balancers (`apigateway`)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Kind


class VpcLink(Struct, frozen=True, kw_only=True):
    """A VPC link of REST APIs."""

    account_id: str
    region: str
    id: str
    name: str
    description: str | None = None
    target_arns: tuple[str, ...] = ()
    status: Literal["AVAILABLE", "PENDING", "DELETING", "FAILED"] = "AVAILABLE"
    status_message: str | None = None
    created_date: datetime
    tags: dict[str, str] = {}


VPC_LINK = Kind("vpc_link", VpcLink, lambda record: (record.account_id, record.region, record.id))
