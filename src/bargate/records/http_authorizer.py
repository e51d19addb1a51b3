"""An authorizer of an HTTP API (AWS [M] apigatewayv2 `Authorizer`)."""

from msgspec import Struct

from bargate.model.http_api import HttpAuthorizer
from bargate.store.kind import Index, Key, Kind


class HttpAuthorizerRecord(Struct, frozen=True, kw_only=True):
    """An authorizer; `settings` holds its id and name too."""

    account_id: str
    region: str
    api_id: str
    settings: HttpAuthorizer
    identity_validation_expression: str | None = None

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.settings.id)

    def name_key(self) -> Key:
        """Give account, region, API and name: a name stands once in an API."""
        return (self.account_id, self.region, self.api_id, self.settings.name)


HTTP_AUTHORIZER = Kind(
    "http_authorizer",
    HttpAuthorizerRecord,
    HttpAuthorizerRecord.key,
    (Index("name", HttpAuthorizerRecord.name_key, unique=True),),
)
