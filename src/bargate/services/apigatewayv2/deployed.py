"""From records to the model: an HTTP API as its routes, integrations and authorizers stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.records.http_authorizer import HTTP_AUTHORIZER
from bargate.records.http_integration import HTTP_INTEGRATION
from bargate.records.http_route import HTTP_ROUTE, HttpRoute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.http_api import HttpApiRecord
    from bargate.store.interface import Reader


def current_api(tx: Reader, record: HttpApiRecord) -> HttpApi:
    """Put an API together from its records, in the order of its route keys."""
    key = record.key()
    integrations = {each.id: each.settings for each in tx.list(HTTP_INTEGRATION, key)}
    routes = sorted(tx.list(HTTP_ROUTE, key), key=lambda route: route.route_key)
    authorizers = [each.settings for each in tx.list(HTTP_AUTHORIZER, key)]
    return HttpApi(
        id=record.id,
        name=record.name,
        version=record.version or "",
        description=record.description or "",
        disable_execute_api_endpoint=record.disable_execute_api_endpoint,
        routes=tuple(_route(route, integrations) for route in routes),
        authorizers=tuple(sorted(authorizers, key=lambda authorizer: authorizer.name)),
        cors=record.cors,
    )


def only_route(tx: Reader, record: HttpApiRecord, route: HttpRoute) -> HttpApi:
    """Put an API together as if it had one route."""
    key = record.key()
    integration = tx.find(HTTP_INTEGRATION, (*key, route.integration_id or ""))
    settings = {} if integration is None else {integration.id: integration.settings}
    return HttpApi(
        id=record.id,
        name=record.name,
        routes=(_route(route, settings),),
        authorizers=tuple(each.settings for each in tx.list(HTTP_AUTHORIZER, key)),
    )


def _route(route: HttpRoute, integrations: Mapping[str, HttpIntegration]) -> Route:
    return Route(
        route_key=route.route_key,
        authorization_type=route.authorization_type,
        authorizer_id=route.authorizer_id,
        authorization_scopes=route.authorization_scopes,
        operation_name=route.operation_name,
        integration=integrations.get(route.integration_id or ""),
    )
