"""Models, integration responses and route responses: parts of WebSocket APIs only (AWS [M]).

An HTTP API has none, and none can be added: lists are empty, and what is named is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.apigatewayv2.errors import bad_request, not_found, shown
from bargate.services.apigatewayv2.find import api_of
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.wire.error import AwsError


@operation(writes=True)
def create_model(call: OperationCall, request: Params) -> Params:
    """Refuse: an HTTP API has no models."""
    raise _unsupported(call, request, "Models")


@operation()
def get_model(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "model", "ModelId")


@operation()
def get_model_template(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "model", "ModelId")


@operation()
def get_models(call: OperationCall, request: Params) -> Params:
    """List none."""
    return _empty(call, request)


@operation(writes=True)
def update_model(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "model", "ModelId")


@operation(writes=True)
def delete_model(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "model", "ModelId")


@operation(writes=True)
def create_integration_response(call: OperationCall, request: Params) -> Params:
    """Refuse: an HTTP API maps responses by the integration's responseParameters."""
    raise _unsupported(call, request, "Integration responses")


@operation()
def get_integration_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "integration response", "IntegrationResponseId")


@operation()
def get_integration_responses(call: OperationCall, request: Params) -> Params:
    """List none."""
    return _empty(call, request)


@operation(writes=True)
def update_integration_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "integration response", "IntegrationResponseId")


@operation(writes=True)
def delete_integration_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "integration response", "IntegrationResponseId")


@operation(writes=True)
def create_route_response(call: OperationCall, request: Params) -> Params:
    """Refuse: the routes of an HTTP API have no responses of their own."""
    raise _unsupported(call, request, "Route responses")


@operation()
def get_route_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "route response", "RouteResponseId")


@operation()
def get_route_responses(call: OperationCall, request: Params) -> Params:
    """List none."""
    return _empty(call, request)


@operation(writes=True)
def update_route_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "route response", "RouteResponseId")


@operation(writes=True)
def delete_route_response(call: OperationCall, request: Params) -> Params:
    """Find none."""
    raise _none(call, request, "route response", "RouteResponseId")


def _unsupported(call: OperationCall, request: Params, what: str) -> AwsError:
    api_of(call, request)
    return bad_request(f"{what} are supported only for WebSocket APIs")


def _none(call: OperationCall, request: Params, noun: str, member: str) -> AwsError:
    api_of(call, request)
    return not_found(f"Invalid {noun} identifier specified {shown(request[member])}")


def _empty(call: OperationCall, request: Params) -> Params:
    api_of(call, request)
    return {"Items": []}
