"""A route of an HTTP API (AWS [M] apigatewayv2 `Route`)."""

from typing import Literal

from msgspec import Struct

from bargate.store.kind import Index, Key, Kind


class HttpRoute(Struct, frozen=True, kw_only=True):
    """A route key and who may call it; `integration_id` is what its target names.

    `pattern` is the route key with the names of its variables left out: two routes with the same
    one would take the same calls.
    """

    account_id: str
    region: str
    api_id: str
    id: str
    route_key: str
    pattern: str
    authorization_type: Literal["NONE", "AWS_IAM", "CUSTOM", "JWT"] = "NONE"
    authorizer_id: str | None = None
    authorization_scopes: tuple[str, ...] = ()
    operation_name: str | None = None
    integration_id: str | None = None

    def key(self) -> Key:
        """Give account, region, API and id."""
        return (self.account_id, self.region, self.api_id, self.id)


def _of_api(route: HttpRoute, *rest: str) -> Key:
    return (route.account_id, route.region, route.api_id, *rest)


def _by_integration(route: HttpRoute) -> Key | None:
    return None if route.integration_id is None else _of_api(route, route.integration_id)


def _by_authorizer(route: HttpRoute) -> Key | None:
    return None if route.authorizer_id is None else _of_api(route, route.authorizer_id)


HTTP_ROUTE = Kind(
    "http_route",
    HttpRoute,
    HttpRoute.key,
    (
        Index("pattern", lambda route: _of_api(route, route.pattern), unique=True),
        Index("integration", _by_integration),
        Index("authorizer", _by_authorizer),
    ),
)
