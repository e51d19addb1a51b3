"""A REST API as AWS's CreateRestApi makes it (AWS [M] apigateway 2015-07-09, `RestApi`)."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind


class EndpointConfiguration(Struct, frozen=True, kw_only=True):
    """Where an API can be reached from; `vpc_endpoint_ids` only of PRIVATE ones."""

    types: tuple[str, ...] = ("EDGE",)
    ip_address_type: str = "ipv4"
    vpc_endpoint_ids: tuple[str, ...] = ()


class RestApiRecord(Struct, frozen=True, kw_only=True):
    """The settings of an API; `policy` is a resource policy as JSON text, short forms expanded."""

    account_id: str
    region: str
    id: str
    name: str
    created: datetime
    root_resource_id: str
    description: str | None = None
    version: str | None = None
    binary_media_types: tuple[str, ...] = ()
    minimum_compression_size: int | None = None
    api_key_source: Literal["HEADER", "AUTHORIZER"] = "HEADER"
    endpoint_configuration: EndpointConfiguration = EndpointConfiguration()
    policy: str | None = None
    tags: dict[str, str] = {}
    disable_execute_api_endpoint: bool = False
    security_policy: str | None = None
    endpoint_access_mode: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def is_private(self) -> bool:
        """Whether interface endpoints alone lead to it."""
        return "PRIVATE" in self.endpoint_configuration.types

    def key(self) -> Key:
        """Give account, region and id: what every key of the API's parts begins with."""
        return (self.account_id, self.region, self.id)


REST_API = Kind(
    "rest_api",
    RestApiRecord,
    RestApiRecord.key,
    # Host names know the id alone, so that two accounts must never have the same.
    (Index("id", lambda api: (api.id,), unique=True),),
)
