"""A customised gateway response of a REST API (AWS [M] apigateway `GatewayResponse`)."""

from msgspec import Struct

from bargate.store.kind import Key, Kind


class GatewayResponseRecord(Struct, frozen=True, kw_only=True):
    """What differs from the default; None says what the default says."""

    account_id: str
    region: str
    api_id: str
    response_type: str
    status_code: str | None = None
    response_parameters: dict[str, str] | None = None
    response_templates: dict[str, str] | None = None

    def key(self) -> Key:
        """Give account, region, API and response type."""
        return (self.account_id, self.region, self.api_id, self.response_type)


GATEWAY_RESPONSE = Kind("gateway_response", GatewayResponseRecord, GatewayResponseRecord.key)
