"""An HTTP API as CreateApi makes it (AWS [M] apigatewayv2 2018-11-29, `Api`)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.model.http_api import Cors
from bargate.store.kind import Index, Key, Kind


class HttpApiRecord(Struct, frozen=True, kw_only=True):
    """The settings of an API; routes, integrations and authorizers are records of their own.

    `quick_route_id` and `quick_integration_id` name what quick create (CreateApi with a target)
    made: UpdateApi's routeKey and target change these.
    """

    account_id: str
    region: str
    id: str
    name: str
    created: datetime
    description: str | None = None
    version: str | None = None
    cors: Cors | None = None
    disable_execute_api_endpoint: bool = False
    disable_schema_validation: bool = False
    ip_address_type: Literal["ipv4", "dualstack"] = "ipv4"
    api_key_selection_expression: str = "$request.header.x-api-key"
    quick_route_id: str | None = None
    quick_integration_id: str | None = None
    import_info: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tags: dict[str, str] = {}

    def key(self) -> Key:
        """Give account, region and id: what every key of the API's parts begins with."""
        return (self.account_id, self.region, self.id)


HTTP_API = Kind(
    "http_api",
    HttpApiRecord,
    HttpApiRecord.key,
    # INVARIANT: host names know the id alone, so that two accounts must never have the same.
    (Index("id", lambda api: (api.id,), unique=True),),
)
