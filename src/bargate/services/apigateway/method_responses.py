"""Method responses: the statuses a method may answer with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.model.rest_api import MethodResponse
from bargate.services.apigateway.errors import bad_request, conflict, invalid_mapping, not_found
from bargate.services.apigateway.finding import the_method
from bargate.services.apigateway.method_checks import check_models
from bargate.services.apigateway.methods import keep_method
from bargate.services.apigateway.patch import Rule, Step, Table, patched
from bargate.services.apigateway.shape import present
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.records.rest_resource import RestMethod, RestResource

_STATUS = re.compile(r"[1-5][0-9]{2}")
_PARAMETER = re.compile(r"method\.response\.header\.[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def check_status(status: str) -> None:
    """Refuse what is no status code."""
    if not _STATUS.fullmatch(status):
        raise bad_request("Invalid statusCode specified")  # [I]


def with_response(kept: RestMethod, response: MethodResponse | None, status: str) -> RestMethod:
    """Give the method with `response` in place of the one for `status`."""
    others = tuple(each for each in kept.method.method_responses if each.status_code != status)
    responses = others if response is None else (*others, response)
    method = structs.replace(kept.method, method_responses=responses)
    return structs.replace(kept, method=method)


@operation(writes=True)
def put_method_response(call: OperationCall, request: Params) -> Params:
    """Declare a status of a method."""
    resource, kept = the_method(call, request)
    status: str = request["statusCode"]
    check_status(status)
    if any(each.status_code == status for each in kept.method.method_responses):
        raise conflict("Response already exists for this resource")  # AWS [O]
    response = MethodResponse(
        status_code=status,
        response_parameters=dict(request.get("responseParameters") or {}),
        response_models=dict(request.get("responseModels") or {}),
    )
    _check(call, resource, response)
    keep_method(call, resource, with_response(kept, response, status))
    return method_response_output(response)


def _check(call: OperationCall, resource: RestResource, response: MethodResponse) -> None:
    for expression in response.response_parameters:
        if not _PARAMETER.fullmatch(expression):
            raise invalid_mapping(expression)
    check_models(call, resource.api_id, response.response_models)


def _the_response(
    call: OperationCall, request: Params
) -> tuple[RestResource, RestMethod, MethodResponse]:
    resource, kept = the_method(call, request)
    for response in kept.method.method_responses:
        if response.status_code == request["statusCode"]:
            return resource, kept, response
    raise not_found("Invalid Response status code specified")  # AWS [R]


@operation()
def get_method_response(call: OperationCall, request: Params) -> Params:
    """Give a declared status."""
    return method_response_output(_the_response(call, request)[2])


@operation(writes=True)
def update_method_response(call: OperationCall, request: Params) -> Params:
    """Change a declared status."""
    resource, kept, response = _the_response(call, request)
    changed = patched(response, request, _PATCHES)
    _check(call, resource, changed)
    keep_method(call, resource, with_response(kept, changed, changed.status_code))
    return method_response_output(changed)


@operation(writes=True)
def delete_method_response(call: OperationCall, request: Params) -> Params:
    """Take a declared status back."""
    resource, kept, response = _the_response(call, request)
    keep_method(call, resource, with_response(kept, None, response.status_code))
    return {}


def _parameter(response: MethodResponse, step: Step) -> MethodResponse:
    parameters = dict(response.response_parameters)
    if step.op == "remove":
        parameters.pop(step.name, None)
    else:
        parameters[step.name] = step.flag()
    return structs.replace(response, response_parameters=parameters)


def _model(response: MethodResponse, step: Step) -> MethodResponse:
    models = dict(response.response_models)
    if step.op == "remove":
        models.pop(step.name, None)
    else:
        models[step.name] = step.text()
    return structs.replace(response, response_models=models)


_PATCHES = Table(
    (
        Rule("/responseParameters/{name}", ("add", "replace", "remove"), _parameter),
        Rule("/responseModels/{type}", ("add", "replace", "remove"), _model),
    )
)


def method_response_output(response: MethodResponse) -> Params:
    """Give `MethodResponse`."""
    return present(
        statusCode=response.status_code,
        responseParameters=dict(response.response_parameters) or None,
        responseModels=dict(response.response_models) or None,
    )
