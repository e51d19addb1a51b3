"""A VPC link of HTTP APIs (AWS [M] apigatewayv2 `VpcLink`); it is recorded, never dialled."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Key, Kind


class HttpVpcLink(Struct, frozen=True, kw_only=True):
    """A VPC link (version 2)."""

    account_id: str
    region: str
    id: str
    name: str
    created: datetime
    subnet_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    tags: dict[str, str] = {}

    def key(self) -> Key:
        """Give account, region and id."""
        return (self.account_id, self.region, self.id)


HTTP_VPC_LINK = Kind("http_vpc_link", HttpVpcLink, HttpVpcLink.key)
