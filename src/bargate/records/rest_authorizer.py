"""An authorizer of a REST API (AWS [M] apigateway `Authorizer`)."""

from typing import Literal

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind

AuthorizerType = Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]


class RestAuthorizer(Struct, frozen=True, kw_only=True):
    """A Lambda or user pool authorizer; `result_ttl_s` None is AWS's default of 300."""

    account_id: str
    region: str
    api_id: str
    id: str
    name: str
    type: AuthorizerType
    auth_type: str | None = None
    provider_arns: tuple[str, ...] = ()
    authorizer_uri: str | None = None
    authorizer_credentials: str | None = None
    identity_source: str | None = None
    identity_validation_expression: str | None = None
    result_ttl_s: int | None = None

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


def _name_key(authorizer: RestAuthorizer) -> Key:
    return (authorizer.account_id, authorizer.region, authorizer.api_id, authorizer.name)


REST_AUTHORIZER = Kind(
    "rest_authorizer", RestAuthorizer, RestAuthorizer.key, (Index("name", _name_key, unique=True),)
)
