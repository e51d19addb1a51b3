"""HTTP APIs themselves: their names, settings and cross-origin rules."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from bargate.records.deployed_http_api import DEPLOYED_HTTP_API
from bargate.records.http_api import HTTP_API, HttpApiRecord
from bargate.records.http_authorizer import HTTP_AUTHORIZER
from bargate.records.http_deployment import HTTP_DEPLOYMENT
from bargate.records.http_integration import HTTP_INTEGRATION
from bargate.records.http_route import HTTP_ROUTE
from bargate.records.http_stage import HTTP_STAGE
from bargate.services.apigatewayv2.api_output import show
from bargate.services.apigatewayv2.cors import read_cors
from bargate.services.apigatewayv2.deploying import redeploy
from bargate.services.apigatewayv2.errors import bad_request
from bargate.services.apigatewayv2.find import api_of
from bargate.services.apigatewayv2.ids import API_ID_LENGTH, new_id
from bargate.services.apigatewayv2.pages import page
from bargate.services.apigatewayv2.quick_create import quick_create, update_quick_parts
from bargate.services.apigatewayv2.stages import refuse_mapped
from bargate.services.apigatewayv2.tags import checked_tags
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.place import place_of

_ROUTE_SELECTIONS = frozenset(
    {"$request.method $request.path", "${request.method} ${request.path}"}
)
_QUICK = ("CredentialsArn", "RouteKey", "Target")


@operation(writes=True)
def create_api(call: OperationCall, request: Params) -> Params:
    """Create an HTTP API; with a target also its integration, route and stage (quick create)."""
    if request["ProtocolType"] != "HTTP":
        raise bad_request(
            "WebSocket APIs are not supported by this gateway yet: protocolType must be HTTP"
        )
    if not request.get("Target") and any(request.get(name) for name in _QUICK):
        raise bad_request("RouteKey and CredentialsArn are parts of quick create: give a Target")
    blank = HttpApiRecord(
        account_id=call.account_id,
        region=call.region,
        id=new_id(API_ID_LENGTH),
        name="",
        created=call.now,
        tags=checked_tags(request.get("Tags")),
    )
    api = call.tx.create(HTTP_API, _read(request, blank))
    if request.get("Target"):
        api = quick_create(call, api, request)
    return show(call, api)


@operation()
def get_api(call: OperationCall, request: Params) -> Params:
    """Give one API."""
    return show(call, api_of(call, request))


@operation()
def get_apis(call: OperationCall, request: Params) -> Params:
    """List the HTTP APIs of the account in the region."""
    return page(call, request, HTTP_API, place_of(call).prefix, lambda api: show(call, api))


@operation(writes=True)
def update_api(call: OperationCall, request: Params) -> Params:
    """Change what is given."""
    old = api_of(call, request)
    new = _read(request, old)
    call.tx.update(HTTP_API, old.key(), lambda _: new)
    if any(request.get(name) is not None for name in _QUICK):
        update_quick_parts(call, new, request)
    redeploy(call.tx, place_of(call), new.key())
    return show(call, new)


@operation(writes=True)
def delete_api(call: OperationCall, request: Params) -> Params:
    """Delete an API with all that belongs to it, unless a domain name serves it."""
    api = api_of(call, request)
    refuse_mapped(call, api.id)
    kinds: tuple[Any, ...] = (
        HTTP_STAGE,
        HTTP_ROUTE,
        HTTP_INTEGRATION,
        HTTP_AUTHORIZER,
        HTTP_DEPLOYMENT,
        DEPLOYED_HTTP_API,
    )
    for kind in kinds:
        for record in call.tx.list(kind, api.key()):
            call.tx.delete(kind, record.key())
    call.tx.delete(HTTP_API, api.key())
    return {}


@operation(writes=True)
def delete_cors_configuration(call: OperationCall, request: Params) -> Params:
    """Leave cross-origin answers to the backends again."""
    api = api_of(call, request)
    call.tx.update(HTTP_API, api.key(), lambda record: structs.replace(record, cors=None))
    redeploy(call.tx, place_of(call), api.key())
    return {}


def _read(request: Params, old: HttpApiRecord) -> HttpApiRecord:
    selection = request.get("RouteSelectionExpression")
    if selection is not None and selection not in _ROUTE_SELECTIONS:
        # AWS [M] CreateApiRequest
        raise bad_request("RouteSelectionExpression must be ${request.method} ${request.path}")
    name = old.name if request.get("Name") is None else request["Name"]
    if not name:
        raise bad_request("Name must be from 1 to 128 characters long")
    address_type = request.get("IpAddressType") or old.ip_address_type
    if address_type not in {"ipv4", "dualstack"}:
        raise bad_request("IpAddressType must be ipv4 or dualstack")
    cors = request.get("CorsConfiguration")
    return structs.replace(
        old,
        name=name,
        description=request.get("Description", old.description),
        version=request.get("Version", old.version),
        cors=old.cors if cors is None else read_cors(cors),
        disable_execute_api_endpoint=_flag(
            request, "DisableExecuteApiEndpoint", was=old.disable_execute_api_endpoint
        ),
        disable_schema_validation=_flag(
            request, "DisableSchemaValidation", was=old.disable_schema_validation
        ),
        ip_address_type=address_type,
        api_key_selection_expression=(
            request.get("ApiKeySelectionExpression") or old.api_key_selection_expression
        ),
    )


def _flag(request: Params, name: str, *, was: bool) -> bool:
    given: bool | None = request.get(name)
    return was if given is None else given
