"""A model of a REST API: a named JSON Schema (AWS [M] apigateway `Model`)."""

from msgspec import Struct

from bargate.store.kind import Key, Kind


class RestModel(Struct, frozen=True, kw_only=True):
    """A schema as it was written; references name other models by URL."""

    account_id: str
    region: str
    api_id: str
    id: str
    name: str
    content_type: str
    schema: str
    description: str | None = None

    def key(self) -> Key:
        """Give account, region, API and name."""
        return (self.account_id, self.region, self.api_id, self.name)


REST_MODEL = Kind("rest_model", RestModel, RestModel.key)
