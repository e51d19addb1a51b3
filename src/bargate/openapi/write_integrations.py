"""`x-amazon-apigateway-integration` and gateway responses as AWS's exports write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bargate.model.rest_api import GatewayResponse, Integration, IntegrationResponse

_DEFAULT_TIMEOUT_MS: Final = 29_000


def write_integration(integration: Integration) -> dict[str, Any]:
    """Write an integration; what is as the default says is left out."""
    timeout_ms = integration.timeout_ms
    return _given(
        type=integration.type.lower(),
        httpMethod=integration.http_method,
        uri=integration.uri,
        credentials=integration.credentials,
        requestParameters=integration.request_parameters,
        requestTemplates=integration.request_templates,
        passthroughBehavior=integration.passthrough_behavior.lower(),
        contentHandling=integration.content_handling,
        timeoutInMillis=None if timeout_ms == _DEFAULT_TIMEOUT_MS else timeout_ms,
        tlsConfig=(
            {"insecureSkipVerification": True} if integration.insecure_skip_verification else None
        ),
        responses={
            each.selection_pattern or "default": _response(each) for each in integration.responses
        },
    )


def _response(response: IntegrationResponse) -> dict[str, Any]:
    return _given(
        statusCode=response.status_code,
        responseParameters=response.response_parameters,
        responseTemplates=response.response_templates,
        contentHandling=response.content_handling,
    )


def write_gateway_response(response: GatewayResponse) -> dict[str, Any]:
    """Write a customised gateway response; templates that are empty say that there are none."""
    written = _given(
        statusCode=None if response.status_code is None else int(response.status_code),
        responseParameters=response.response_parameters,
    )
    if response.response_templates is not None:
        written["responseTemplates"] = response.response_templates
    return written


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in (None, {})}
