"""Gateway responses: what callers are told when a call is refused (AWS [R] apigw-errors §1)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.mapping.errors import ERROR_TYPES
from bargate.mapping.gateway_responses import RESPONSE_TYPES
from bargate.openapi.expressions import GATEWAY_SOURCE, GATEWAY_TARGET
from bargate.records.gateway_response import GATEWAY_RESPONSE, GatewayResponseRecord
from bargate.services.apigateway.errors import bad_request, invalid_mapping, not_found, one_of
from bargate.services.apigateway.finding import the_api
from bargate.services.apigateway.patch import Rule, Step, Table, patched, unsupported
from bargate.services.apigateway.shape import limit_of, present
from bargate.services.operation import OperationCall, Params, operation
from bargate.services.paging import InvalidToken, key_of, token_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.rest_api import RestApiRecord
    from bargate.wire.error import AwsError

_DEFAULT_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
_STATUS = re.compile(r"[2-5][0-9]{2}")  # a final status: the gateway sends no 1xx
_MAX_ENTRIES = 100


@operation(writes=True)
def put_gateway_response(call: OperationCall, request: Params) -> Params:
    """Customise a type: what is not said keeps its default."""
    api = the_api(call, request)
    response = GatewayResponseRecord(
        account_id=api.account_id,
        region=api.region,
        api_id=api.id,
        response_type=_known_type(request),
        status_code=request.get("statusCode"),
        response_parameters=request.get("responseParameters"),
        response_templates=request.get("responseTemplates"),
    )
    return _keep(call, api, response)


def _known_type(request: Params) -> str:
    return one_of(request["responseType"], "responseType", RESPONSE_TYPES)


def _keep(call: OperationCall, api: RestApiRecord, response: GatewayResponseRecord) -> Params:
    _check(response)
    if call.tx.find(GATEWAY_RESPONSE, response.key()) is None:
        call.tx.create(GATEWAY_RESPONSE, response)
    else:
        call.tx.update(GATEWAY_RESPONSE, response.key(), lambda _: response)
    return _output(response.response_type, _customised(call, api))


def _check(response: GatewayResponseRecord) -> None:
    if response.status_code is not None and not _STATUS.fullmatch(response.status_code):
        raise bad_request("Invalid statusCode specified")  # [I]
    parameters = response.response_parameters or {}
    for target, source in parameters.items():
        if not GATEWAY_TARGET.match(target):
            raise bad_request("Invalid parameter name specified")  # AWS [R] apigw-errors §5
        if not GATEWAY_SOURCE.match(source):
            raise invalid_mapping(source)
    templates = response.response_templates or {}
    if len(parameters) > _MAX_ENTRIES or len(templates) > _MAX_ENTRIES:
        raise bad_request(f"At most {_MAX_ENTRIES} parameters and templates are allowed")  # [I]


def _customised(call: OperationCall, api: RestApiRecord) -> dict[str, GatewayResponseRecord]:
    return {each.response_type: each for each in call.tx.list(GATEWAY_RESPONSE, api.key())}


@operation()
def get_gateway_response(call: OperationCall, request: Params) -> Params:
    """Give a type, customised or not."""
    api = the_api(call, request)
    return _output(_known_type(request), _customised(call, api))


@operation()
def get_gateway_responses(call: OperationCall, request: Params) -> Params:
    """List all types in alphabetical order, customised or not."""
    customised = _customised(call, the_api(call, request))
    after, limit = _after(request), limit_of(request)
    types = [each for each in RESPONSE_TYPES if each > after]
    output: Params = {"items": [_output(each, customised) for each in types[:limit]]}
    if len(types) > limit:
        output["position"] = token_of((types[limit - 1],))
    return output


def _after(request: Params) -> str:
    token: str | None = request.get("position")
    if not token:
        return ""
    try:
        key = key_of(token)
    except InvalidToken:
        key = ()
    if len(key) != 1 or key[0] not in RESPONSE_TYPES:
        raise bad_request("Invalid position parameter specified")  # [I]
    return key[0]


@operation(writes=True)
def update_gateway_response(call: OperationCall, request: Params) -> Params:
    """Change a type; one that was not customised is so from now on."""
    api = the_api(call, request)
    key = (*api.key(), _known_type(request))
    found = call.tx.find(GATEWAY_RESPONSE, key)
    response = found or GatewayResponseRecord(
        account_id=api.account_id, region=api.region, api_id=api.id, response_type=key[-1]
    )
    return _keep(call, api, patched(response, request, _PATCHES))


@operation(writes=True)
def delete_gateway_response(call: OperationCall, request: Params) -> Params:
    """Take a customisation back."""
    key = (*the_api(call, request).key(), _known_type(request))
    if call.tx.find(GATEWAY_RESPONSE, key) is None:
        raise not_found("Gateway response type not defined on api")  # AWS [R] apigw-errors §1
    call.tx.delete(GATEWAY_RESPONSE, key)
    return {}


def _status(response: GatewayResponseRecord, step: Step) -> GatewayResponseRecord:
    return structs.replace(response, status_code=None if step.op == "remove" else step.text())


def _entry(values: Mapping[str, str] | None, step: Step) -> dict[str, str]:
    changed = {name: value for name, value in (values or {}).items() if name != step.name}
    if step.op != "remove":
        changed[step.name] = step.text()
    return changed


def _parameter(response: GatewayResponseRecord, step: Step) -> GatewayResponseRecord:
    return structs.replace(
        response, response_parameters=_entry(response.response_parameters, step) or None
    )


def _template(response: GatewayResponseRecord, step: Step) -> GatewayResponseRecord:
    return structs.replace(
        response, response_templates=_entry(response.response_templates, step) or None
    )


def _refuse(table: Table, step: Step) -> AwsError:
    """Word refusals as AWS [R] apigw-errors §5 does."""
    if step.path in {"/responseParameters", "/responseTemplates"}:
        return bad_request(f"Invalid null or empty value in {step.path[1:]}")
    if not step.path:
        return bad_request("Invalid patch path null")
    return unsupported(table, step)


_ALL = ("add", "replace", "remove")
_PATCHES = Table(
    (
        Rule("/statusCode", ("replace", "remove"), _status),
        Rule("/responseParameters/{name}", _ALL, _parameter),
        Rule("/responseTemplates/{type}", _ALL, _template),
    ),
    _refuse,
)


def _output(response_type: str, customised: Mapping[str, GatewayResponseRecord]) -> Params:
    """Give `GatewayResponse`; a type that is not customised takes after its family."""
    default = ERROR_TYPES.get(response_type)
    status = None if default is None else str(int(default.status))
    own = customised.get(response_type)
    source = own or customised.get(_family(response_type))
    templates = source.response_templates if source else None
    return present(
        responseType=response_type,
        statusCode=(source.status_code if source else None) or status,
        responseParameters=dict((source.response_parameters if source else None) or {}),
        responseTemplates=dict(templates or _DEFAULT_TEMPLATES),
        defaultResponse=own is None,
    )


def _family(response_type: str) -> str:
    default = ERROR_TYPES.get(response_type)
    if default is None:
        return response_type
    is_server = default.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "DEFAULT_5XX" if is_server else "DEFAULT_4XX"
