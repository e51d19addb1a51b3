"""Routes: which calls an API takes, who may make them, and what answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.http_integration import HTTP_INTEGRATION
from bargate.records.http_route import HTTP_ROUTE, HttpRoute
from bargate.services.apigatewayv2.deployed import only_route
from bargate.services.apigatewayv2.deploying import check_api, redeploy
from bargate.services.apigatewayv2.errors import bad_request, conflict, not_found, shown
from bargate.services.apigatewayv2.find import api_of, part_of
from bargate.services.apigatewayv2.ids import new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.quick_parts import forget_quick_route
from bargate.services.apigatewayv2.route_access import RouteAccess, read_access
from bargate.services.apigatewayv2.route_keys import pattern_of
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

if TYPE_CHECKING:
    from bargate.records.http_api import HttpApiRecord

_TARGET = "integrations/"
_WEBSOCKET_ONLY = (
    "ApiKeyRequired", "ModelSelectionExpression", "RequestModels", "RequestParameters",
    "RouteResponseSelectionExpression",
)  # fmt: skip


@operation(writes=True)
def create_route(call: OperationCall, request: Params) -> Params:
    """Add a route to an API."""
    api = api_of(call, request)
    route = _read(call, api, request, _blank(api))
    return _stored(call, api, call.tx.create(HTTP_ROUTE, route))


@operation()
def get_route(call: OperationCall, request: Params) -> Params:
    """Give one route."""
    api = api_of(call, request)
    return show(api, _found(call, api, request))


@operation()
def get_routes(call: OperationCall, request: Params) -> Params:
    """List the routes of an API."""
    api = api_of(call, request)
    return page(call, request, HTTP_ROUTE, api.key(), lambda route: show(api, route))


@operation(writes=True)
def update_route(call: OperationCall, request: Params) -> Params:
    """Change what is given."""
    api = api_of(call, request)
    old = _found(call, api, request)
    key = request.get("RouteKey")
    if old.id == api.quick_route_id and key not in {None, old.route_key}:
        # AWS [M] Route.ApiGatewayManaged
        raise bad_request("The route key of a route managed by API Gateway cannot be modified")
    route = _read(call, api, request, old)
    return _stored(call, api, call.tx.update(HTTP_ROUTE, old.key(), lambda _: route))


@operation(writes=True)
def delete_route(call: OperationCall, request: Params) -> Params:
    """Delete a route."""
    api = api_of(call, request)
    route = _found(call, api, request)
    call.tx.delete(HTTP_ROUTE, route.key())
    forget_quick_route(call.tx, api, route.id)
    redeploy(call.tx, place_of(call), api.key())
    return {}


@operation(writes=True)
def delete_route_request_parameter(call: OperationCall, request: Params) -> Params:
    """Say that there is none: request parameters belong to WebSocket APIs (AWS [M])."""
    api = api_of(call, request)
    _found(call, api, request)
    name = shown(request["RequestParameterKey"])
    raise not_found(f"Invalid request parameter specified: {name}")


def show(api: HttpApiRecord, route: HttpRoute) -> Params:
    """Give a route as the API shows it."""
    output: Params = {
        "ApiKeyRequired": False,
        "AuthorizationType": route.authorization_type,
        "RouteId": route.id,
        "RouteKey": route.route_key,
    }
    if route.authorization_scopes:
        output["AuthorizationScopes"] = list(route.authorization_scopes)
    if route.authorizer_id is not None:
        output["AuthorizerId"] = route.authorizer_id
    if route.operation_name is not None:
        output["OperationName"] = route.operation_name
    if route.integration_id is not None:
        output["Target"] = _TARGET + route.integration_id
    if route.id == api.quick_route_id:
        output["ApiGatewayManaged"] = True
    return output


def _blank(api: HttpApiRecord) -> HttpRoute:
    return HttpRoute(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        id=new_id(),
        route_key="",
        pattern="",
    )


def _read(call: OperationCall, api: HttpApiRecord, request: Params, old: HttpRoute) -> HttpRoute:
    for name in _WEBSOCKET_ONLY:
        if request.get(name):
            raise bad_request(f"{name} is supported only for WebSocket APIs")
    route_key = old.route_key if request.get("RouteKey") is None else request["RouteKey"]
    access = read_access(
        call,
        api,
        request,
        RouteAccess(
            authorization_type=old.authorization_type,
            authorizer_id=old.authorizer_id,
            authorization_scopes=old.authorization_scopes,
        ),
    )
    route = structs.replace(
        old,
        route_key=route_key,
        pattern=pattern_of(route_key),
        authorization_type=access.authorization_type,
        authorizer_id=access.authorizer_id,
        authorization_scopes=access.authorization_scopes,
        operation_name=request.get("OperationName", old.operation_name) or None,
        integration_id=_integration_id(call, api, request, old),
    )
    _refuse_same(call, api, route)
    return route


def _integration_id(
    call: OperationCall, api: HttpApiRecord, request: Params, old: HttpRoute
) -> str | None:
    target: str | None = request.get("Target")
    if target is None:
        return old.integration_id
    if target == "":
        return None
    integration_id = target.removeprefix(_TARGET)
    if integration_id == target:
        raise bad_request(f"Invalid target specified: {shown(target)}. Write integrations/ID")
    if call.tx.find(HTTP_INTEGRATION, (*api.key(), integration_id)) is None:
        raise bad_request(f"Invalid integration identifier specified: {shown(integration_id)}")
    return integration_id


def _refuse_same(call: OperationCall, api: HttpApiRecord, route: HttpRoute) -> None:
    other = call.tx.find_by(HTTP_ROUTE, "pattern", (*api.key(), route.pattern))
    if other is None or other.id == route.id:
        return
    if other.route_key == route.route_key:
        raise conflict(f"Route with key {shown(route.route_key)} already exists for this API")
    # the words are AWS's [O]
    raise conflict(
        f'The provided route key "{shown(route.route_key)}" has a conflicting variable on the same'
        f' hierarchical level as "{shown(other.route_key)}"'
    )


def _stored(call: OperationCall, api: HttpApiRecord, route: HttpRoute) -> Params:
    """Deploy a route that was written, if it can be served at all.

    One that never could be is refused here: autoDeploy would keep the old deployment, and calls
    meant for the route would be answered by another, perhaps without its authorizer [I].
    """
    if route.integration_id is not None:
        check_api(only_route(call.tx, api, route))
    redeploy(call.tx, place_of(call), api.key())
    return show(api, route)


def _found(call: OperationCall, api: HttpApiRecord, request: Params) -> HttpRoute:
    return part_of(call, HTTP_ROUTE, api, request["RouteId"], "route")
