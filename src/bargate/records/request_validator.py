"""A request validator of a REST API (AWS [M] apigateway `RequestValidator`)."""

from msgspec import Struct

from bargate.store.kind import Key, Kind


class RequestValidatorRecord(Struct, frozen=True, kw_only=True):
    """Which halves of a request are validated."""

    account_id: str
    region: str
    api_id: str
    id: str
    name: str | None = None
    validate_request_body: bool = False
    validate_request_parameters: bool = False

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


REQUEST_VALIDATOR = Kind("request_validator", RequestValidatorRecord, RequestValidatorRecord.key)
