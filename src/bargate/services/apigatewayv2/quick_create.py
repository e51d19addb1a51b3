"""Quick create: CreateApi with a target makes integration, route and `$default` stage at once.

AWS [M] CreateApiRequest.Target: an HTTP URL becomes HTTP_PROXY, a function's ARN AWS_PROXY.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.http_api import HTTP_API, HttpApiRecord
from bargate.records.http_integration import HTTP_INTEGRATION
from bargate.records.http_route import HTTP_ROUTE, HttpRoute
from bargate.records.http_stage import HTTP_STAGE, HttpStage
from bargate.services.apigatewayv2.deploying import redeploy
from bargate.services.apigatewayv2.errors import bad_request, conflict, shown
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.integration_settings import changed_settings, new_settings
from bargate.services.apigatewayv2.integrations import add_integration
from bargate.services.apigatewayv2.route_keys import DEFAULT, pattern_of
from bargate.services.further_permissions import require_pass_role
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params


def quick_create(call: OperationCall, api: HttpApiRecord, request: Params) -> HttpApiRecord:
    """Make the parts of a new API; raises BadRequestException."""
    settings = new_settings(_asked(request["Target"], request.get("CredentialsArn")))
    require_pass_role(call, [settings.credentials])
    integration = add_integration(call, api, settings, None)
    route_key = request.get("RouteKey") or DEFAULT
    route = HttpRoute(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        route_key=route_key,
        pattern=pattern_of(route_key),
        integration_id=integration.id,
    )
    call.tx.create(HTTP_ROUTE, route)
    managed = structs.replace(api, quick_route_id=route.id, quick_integration_id=integration.id)
    call.tx.update(HTTP_API, api.key(), lambda _: managed)
    stage = HttpStage(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        name="$default",
        created=call.now,
        last_updated=call.now,
        auto_deploy=True,
        is_gateway_managed=True,
    )
    call.tx.create(HTTP_STAGE, stage)
    redeploy(call.tx, place_of(call), api.key())
    return managed


def update_quick_parts(call: OperationCall, api: HttpApiRecord, request: Params) -> None:
    """Change what quick create made; raises BadRequestException for an API made otherwise."""
    if request.get("Target") is not None or request.get("CredentialsArn") is not None:
        _update_integration(call, api, request)
    if request.get("RouteKey") is not None:
        _update_route(call, api, request["RouteKey"])


def _update_integration(call: OperationCall, api: HttpApiRecord, request: Params) -> None:
    if api.quick_integration_id is None:
        raise bad_request("Target and CredentialsArn belong to APIs made with quick create")
    key = (*api.key(), api.quick_integration_id)
    old = call.tx.get(HTTP_INTEGRATION, key)
    target = old.settings.uri if request.get("Target") is None else request["Target"]
    asked = _asked(target, request.get("CredentialsArn"))
    settings = changed_settings(old.settings, asked)
    if settings.credentials != old.settings.credentials:
        require_pass_role(call, [settings.credentials])
    call.tx.update(HTTP_INTEGRATION, key, lambda record: structs.replace(record, settings=settings))


def _update_route(call: OperationCall, api: HttpApiRecord, route_key: str) -> None:
    if api.quick_route_id is None:
        raise bad_request("RouteKey belongs to APIs made with quick create")
    pattern = pattern_of(route_key)
    other = call.tx.find_by(HTTP_ROUTE, "pattern", (*api.key(), pattern))
    if other is not None and other.id != api.quick_route_id:
        raise conflict(f"Route with key {shown(route_key)} already exists for this API")
    call.tx.update(
        HTTP_ROUTE,
        (*api.key(), api.quick_route_id),
        lambda route: structs.replace(route, route_key=route_key, pattern=pattern),
    )


def _asked(target: str, credentials: str | None) -> Params:
    """Say as CreateIntegration would what a target asks for."""
    is_function = target.startswith("arn:")
    request: Params = {
        "IntegrationMethod": "POST" if is_function else "ANY",
        "IntegrationType": "AWS_PROXY" if is_function else "HTTP_PROXY",
        "IntegrationUri": target,
        "PayloadFormatVersion": "2.0" if is_function else "1.0",
    }
    if credentials is not None:
        request["CredentialsArn"] = credentials
    return request
