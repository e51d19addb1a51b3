"""Integration responses: how answers of what stands behind become answers of a method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from msgspec import structs

from bargate.model.rest_api import ContentHandling, IntegrationResponse, Method
from bargate.openapi.expressions import RESPONSE_SOURCE, RESPONSE_TARGET
from bargate.openapi.patterns import pattern_problem
from bargate.services.apigateway.errors import (
    bad_request,
    invalid_mapping,
    not_found,
    one_of,
    undeclared_mapping,
)
from bargate.services.apigateway.integration_output import integration_response_output
from bargate.services.apigateway.integrations import the_integration
from bargate.services.apigateway.method_responses import check_status
from bargate.services.apigateway.methods import keep_method
from bargate.services.apigateway.patch import Rule, Step, Table, patched, with_entry
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.records.rest_resource import RestMethod, RestResource

_MAX_TEMPLATE_CHARACTERS = 300 * 1024  # AWS [D] apigw-objects §11


@operation(writes=True)
def put_integration_response(call: OperationCall, request: Params) -> Params:
    """Set what becomes of a class of answers."""
    resource, kept, _ = the_integration(call, request)
    response = IntegrationResponse(
        status_code=request["statusCode"],
        selection_pattern=request.get("selectionPattern"),
        response_parameters=dict(request.get("responseParameters") or {}),
        response_templates=dict(request.get("responseTemplates") or {}),
        content_handling=request.get("contentHandling") or None,
    )
    _check(kept.method, response)
    return _keep(call, resource, kept, response)


def _check(method: Method, response: IntegrationResponse) -> None:
    check_status(response.status_code)
    declared = {each.status_code: each for each in method.method_responses}
    if response.status_code not in declared:
        raise not_found("Invalid Response status code specified")  # AWS [O]
    if response.content_handling is not None:
        path = "putIntegrationResponseInput.contentHandling"
        one_of(response.content_handling, path, get_args(ContentHandling))
    problem = pattern_problem(response.selection_pattern or "")
    if problem is not None:
        raise bad_request(f"Invalid selection pattern specified: {problem}"[:256])  # [I]
    names = {each.lower() for each in declared[response.status_code].response_parameters}
    for target, source in response.response_parameters.items():
        if not RESPONSE_TARGET.match(target):
            raise invalid_mapping(target)
        if not RESPONSE_SOURCE.match(source):
            raise invalid_mapping(source)
        if target.lower() not in names:
            raise undeclared_mapping(target)
    for template in response.response_templates.values():
        if len(template) > _MAX_TEMPLATE_CHARACTERS:
            raise bad_request("Mapping template is too large")  # [I]


def _keep(
    call: OperationCall, resource: RestResource, kept: RestMethod, response: IntegrationResponse
) -> Params:
    _replace(call, resource, kept, response.status_code, response)
    return integration_response_output(response)


def _replace(
    call: OperationCall,
    resource: RestResource,
    kept: RestMethod,
    status: str,
    response: IntegrationResponse | None,
) -> None:
    """Put `response` in the place of the one for `status`; None takes that away."""
    integration = kept.method.integration
    if integration is None:
        raise AssertionError("the_integration found it")  # INVARIANT
    others = tuple(each for each in integration.responses if each.status_code != status)
    responses = others if response is None else (*others, response)
    changed = structs.replace(integration, responses=responses)
    method = structs.replace(kept.method, integration=changed)
    keep_method(call, resource, structs.replace(kept, method=method))


def _the_response(
    call: OperationCall, request: Params
) -> tuple[RestResource, RestMethod, IntegrationResponse]:
    resource, kept, integration = the_integration(call, request)
    for response in integration.responses:
        if response.status_code == request["statusCode"]:
            return resource, kept, response
    raise not_found("Invalid Response status code specified")  # AWS [O]


@operation()
def get_integration_response(call: OperationCall, request: Params) -> Params:
    """Give what becomes of a class of answers."""
    return integration_response_output(_the_response(call, request)[2])


@operation(writes=True)
def update_integration_response(call: OperationCall, request: Params) -> Params:
    """Change what becomes of a class of answers."""
    resource, kept, response = _the_response(call, request)
    changed = patched(response, request, _PATCHES)
    _check(kept.method, changed)
    return _keep(call, resource, kept, changed)


@operation(writes=True)
def delete_integration_response(call: OperationCall, request: Params) -> Params:
    """Let a class of answers have no rule."""
    resource, kept, response = _the_response(call, request)
    _replace(call, resource, kept, response.status_code, None)
    return {}


def _with(response: IntegrationResponse, **members: Any) -> IntegrationResponse:
    return structs.replace(response, **members)


def _pattern(response: IntegrationResponse, step: Step) -> IntegrationResponse:
    return _with(response, selection_pattern=None if step.op == "remove" else step.value or None)


def _content_handling(response: IntegrationResponse, step: Step) -> IntegrationResponse:
    return _with(response, content_handling=None if step.op == "remove" else step.value or None)


def _parameter(response: IntegrationResponse, step: Step) -> IntegrationResponse:
    return _with(response, response_parameters=with_entry(response.response_parameters, step))


def _template(response: IntegrationResponse, step: Step) -> IntegrationResponse:
    return _with(response, response_templates=with_entry(response.response_templates, step))


_ALL = ("add", "replace", "remove")
_PATCHES = Table(
    (
        Rule("/selectionPattern", _ALL, _pattern),
        Rule("/contentHandling", _ALL, _content_handling),
        Rule("/responseParameters/{name}", _ALL, _parameter),
        Rule("/responseTemplates/{type}", _ALL, _template),
    )
)
