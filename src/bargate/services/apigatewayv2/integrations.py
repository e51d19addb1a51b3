"""Integrations: what stands behind routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.http_integration import HTTP_INTEGRATION, HttpIntegrationRecord
from bargate.records.http_route import HTTP_ROUTE
from bargate.records.http_vpc_link import HTTP_VPC_LINK
from bargate.services.apigatewayv2.deploying import redeploy
from bargate.services.apigatewayv2.errors import bad_request, conflict, shown
from bargate.services.apigatewayv2.find import api_of, part_of
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.integration_settings import (
    changed_settings,
    new_settings,
    shown_settings,
)
from bargate.services.apigatewayv2.pages import page
from bargate.services.further_permissions import require_pass_role
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.model.http_api import HttpIntegration
    from bargate.records.http_api import HttpApiRecord


@operation(writes=True)
def create_integration(call: OperationCall, request: Params) -> Params:
    """Add an integration to an API."""
    api = api_of(call, request)
    settings = new_settings(request)
    _check_link(call, settings)
    require_pass_role(call, [settings.credentials])
    record = add_integration(call, api, settings, request.get("Description"))
    redeploy(call.tx, place_of(call), api.key())
    return show(api, record)


@operation()
def get_integration(call: OperationCall, request: Params) -> Params:
    """Give one integration."""
    api = api_of(call, request)
    return show(api, _found(call, api, request))


@operation()
def get_integrations(call: OperationCall, request: Params) -> Params:
    """List the integrations of an API."""
    api = api_of(call, request)
    return page(call, request, HTTP_INTEGRATION, api.key(), lambda record: show(api, record))


@operation(writes=True)
def update_integration(call: OperationCall, request: Params) -> Params:
    """Change what is given; mappings are put over the old ones, "" removes one."""
    api = api_of(call, request)
    old = _found(call, api, request)
    settings = changed_settings(old.settings, request)
    _check_link(call, settings)
    if settings.credentials != old.settings.credentials:
        require_pass_role(call, [settings.credentials])
    description = request.get("Description", old.description)
    new = structs.replace(old, settings=settings, description=description)
    call.tx.update(HTTP_INTEGRATION, old.key(), lambda _: new)
    redeploy(call.tx, place_of(call), api.key())
    return show(api, new)


@operation(writes=True)
def delete_integration(call: OperationCall, request: Params) -> Params:
    """Delete an integration that no route targets."""
    api = api_of(call, request)
    record = _found(call, api, request)
    if record.id == api.quick_integration_id:
        # AWS [M] Integration.ApiGatewayManaged: it can be updated, not deleted
        raise bad_request(
            f"Integration {record.id} is managed by API Gateway and cannot be deleted"
        )
    user = call.tx.find_by(HTTP_ROUTE, "integration", record.key())
    if user is not None:
        raise conflict(
            f"Cannot delete Integration '{record.id}' in API '{api.id}': the route"
            f" '{shown(user.route_key)}' targets it"
        )
    call.tx.delete(HTTP_INTEGRATION, record.key())
    redeploy(call.tx, place_of(call), api.key())
    return {}


def add_integration(
    call: OperationCall, api: HttpApiRecord, settings: HttpIntegration, description: str | None
) -> HttpIntegrationRecord:
    """Store a new integration of checked settings."""
    record = HttpIntegrationRecord(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        settings=settings,
        description=description,
    )
    return call.tx.create(HTTP_INTEGRATION, record)


def show(api: HttpApiRecord, record: HttpIntegrationRecord) -> Params:
    """Give an integration as the API shows it."""
    output: Params = {"IntegrationId": record.id, **shown_settings(record.settings)}
    if record.description is not None:
        output["Description"] = record.description
    if record.id == api.quick_integration_id:
        output["ApiGatewayManaged"] = True
    return output


def _found(call: OperationCall, api: HttpApiRecord, request: Params) -> HttpIntegrationRecord:
    return part_of(call, HTTP_INTEGRATION, api, request["IntegrationId"], "integration")


def _check_link(call: OperationCall, settings: HttpIntegration) -> None:
    link = settings.connection_id
    if link is not None and call.tx.find(HTTP_VPC_LINK, (*place_of(call).prefix, link)) is None:
        raise bad_request(f"Invalid VPC link identifier specified: {shown(link)}")
