"""An integration of an HTTP API (AWS [M] apigatewayv2 `Integration`)."""

from msgspec import Struct

from bargate.model.http_api import HttpIntegration
from bargate.store.kind import Index, Key, Kind


class HttpIntegrationRecord(Struct, frozen=True, kw_only=True):
    """What stands behind routes; `settings` is what the gateway needs of it."""

    account_id: str
    region: str
    api_id: str
    id: str
    settings: HttpIntegration
    description: str | None = None

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


def _by_connection(record: HttpIntegrationRecord) -> Key | None:
    link = record.settings.connection_id
    return None if link is None else (record.account_id, record.region, link)


HTTP_INTEGRATION = Kind(
    "http_integration",
    HttpIntegrationRecord,
    HttpIntegrationRecord.key,
    (Index("connection", _by_connection),),
)
