"""From the model to records: an imported HTTP API, put in place of what the API was before.

What did not change keeps its record; ids are derived, so that they are the same at every import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import structs

from bargate.records.http_api import HTTP_API, HttpApiRecord
from bargate.records.http_authorizer import HTTP_AUTHORIZER, HttpAuthorizerRecord
from bargate.records.http_integration import HTTP_INTEGRATION, HttpIntegrationRecord
from bargate.records.http_route import HTTP_ROUTE, HttpRoute
from bargate.records.http_stage import HTTP_STAGE, HttpStage
from bargate.services.apigatewayv2.deploying import redeploy_to
from bargate.services.apigatewayv2.errors import conflict
from bargate.services.apigatewayv2.ids import derived_id
from bargate.services.apigatewayv2.route_keys import pattern_of
from bargate.store.interface import AlreadyExists

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.model.http_api import HttpApi, HttpIntegration, Route
    from bargate.model.installation import Stage
    from bargate.services.place import Place
    from bargate.store.interface import Transaction
    from bargate.store.kind import Kind


def store_http_api(
    tx: Transaction,
    place: Place,
    api: HttpApi,
    *,
    stages: Iterable[Stage] = (),
    warnings: tuple[str, ...] = (),
) -> HttpApiRecord:
    """Create an API under its id, or replace all of it but its tags and its other stages.

    `stages` are made if they are missing, with autoDeploy, and get the variables given. Every
    stage with autoDeploy is deployed to. Raises AwsError: ConflictException when the id is
    another account's, BadRequestException for a route key that is none.
    """
    record = _store_settings(tx, place, api, warnings)
    routes, integrations = _parts(place, api)
    authorizers = [
        HttpAuthorizerRecord(
            account_id=place.account_id, region=place.region, api_id=api.id, settings=each
        )
        for each in api.authorizers
    ]
    _replace(tx, HTTP_ROUTE, record, routes)
    _replace(tx, HTTP_INTEGRATION, record, integrations)
    _replace(tx, HTTP_AUTHORIZER, record, authorizers)
    for stage in stages:
        _store_stage(tx, place, record, stage)
    deployed_to = [stage for stage in tx.list(HTTP_STAGE, record.key()) if stage.auto_deploy]
    redeploy_to(tx, place, deployed_to)
    return record


def _store_settings(
    tx: Transaction, place: Place, api: HttpApi, warnings: tuple[str, ...]
) -> HttpApiRecord:
    old = tx.find(HTTP_API, (place.account_id, place.region, api.id))
    blank = HttpApiRecord(
        account_id=place.account_id, region=place.region, id=api.id, name="", created=place.now
    )
    new = structs.replace(
        old or blank,
        name=api.name,
        description=api.description or None,
        version=api.version or None,
        cors=api.cors,
        disable_execute_api_endpoint=api.disable_execute_api_endpoint,
        quick_route_id=None,
        quick_integration_id=None,
        warnings=warnings,
    )
    if old is not None:
        return old if new == old else tx.update(HTTP_API, new.key(), lambda _: new)
    try:
        return tx.create(HTTP_API, new)
    except AlreadyExists:
        raise conflict(f"The API identifier {api.id} is already in use") from None


def _parts(place: Place, api: HttpApi) -> tuple[list[HttpRoute], list[HttpIntegrationRecord]]:
    """Give routes and integrations; routes with the same integration share one record."""
    routes = []
    integrations: dict[str, HttpIntegrationRecord] = {}
    for route in api.routes:
        integration_id = None
        if route.integration is not None:
            integration_id = _integration_id(api.id, route.integration)
            integrations[integration_id] = HttpIntegrationRecord(
                account_id=place.account_id,
                region=place.region,
                api_id=api.id,
                id=integration_id,
                settings=route.integration,
            )
        routes.append(_route(place, api.id, route, integration_id))
    return routes, list(integrations.values())


def _integration_id(api_id: str, integration: HttpIntegration) -> str:
    # the order of the mappings counts: they apply in it
    content = msgspec.json.encode(integration).decode("utf-8")
    return derived_id(api_id, "integration", content)


def _route(place: Place, api_id: str, route: Route, integration_id: str | None) -> HttpRoute:
    pattern = pattern_of(route.route_key)
    return HttpRoute(
        account_id=place.account_id,
        region=place.region,
        api_id=api_id,
        id=derived_id(api_id, "route", pattern),
        route_key=route.route_key,
        pattern=pattern,
        authorization_type=route.authorization_type,
        authorizer_id=route.authorizer_id,
        authorization_scopes=route.authorization_scopes,
        operation_name=route.operation_name,
        integration_id=integration_id,
    )


def _replace(tx: Transaction, kind: Kind[Any], api: HttpApiRecord, wanted: Iterable[Any]) -> None:
    """Let the records of a kind be the wanted ones; those that differ go before any is made.

    So a name or pattern that moves from one record to another is never there twice.
    """
    new = {record.key(): record for record in wanted}
    for old in tx.list(kind, api.key()):
        if new.get(old.key()) == old:
            del new[old.key()]
        else:
            tx.delete(kind, old.key())
    for record in new.values():
        tx.create(kind, record)


def _store_stage(tx: Transaction, place: Place, api: HttpApiRecord, stage: Stage) -> None:
    old = tx.find(HTTP_STAGE, (*api.key(), stage.name))
    if old is None:
        new = HttpStage(
            account_id=api.account_id,
            region=api.region,
            api_id=api.id,
            name=stage.name,
            created=place.now,
            last_updated=place.now,
            auto_deploy=True,
            variables=stage.variables,
        )
        tx.create(HTTP_STAGE, new)
        return
    tx.update(
        HTTP_STAGE,
        old.key(),
        lambda record: structs.replace(
            record, variables=stage.variables, auto_deploy=True, last_updated=place.now
        ),
    )
