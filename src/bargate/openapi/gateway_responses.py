"""`x-amazon-apigateway-gateway-responses`: customised answers to refused calls."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.model.rest_api import GatewayResponse
from bargate.nearest import did_you_mean
from bargate.openapi.expressions import gateway_mapping
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

# AWS [R] apigw-errors §1
RESPONSE_TYPES = (
    "ACCESS_DENIED", "API_CONFIGURATION_ERROR", "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS", "DEFAULT_4XX",
    "DEFAULT_5XX", "EXPIRED_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY", "INVALID_SIGNATURE", "MISSING_AUTHENTICATION_TOKEN", "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "THROTTLED", "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE", "WAF_FILTERED",
)  # fmt: skip
_STATUS = re.compile(r"[1-5][0-9]{2}\Z")


def gateway_responses(root: Cursor) -> tuple[GatewayResponse, ...]:
    """Read all customised gateway responses."""
    responses = root.object(PREFIX + "gateway-responses")
    found = []
    for response_type, place in responses.members() if responses else ():
        if response_type not in RESPONSE_TYPES:
            remedy = did_you_mean(response_type, RESPONSE_TYPES, "see the list of response types")
            place.error(f"{shown(response_type)!r} is no gateway response type", remedy)
        elif place.is_object():
            found.append(_gateway_response(response_type, place))
    return tuple(found)


def _gateway_response(response_type: str, place: Cursor) -> GatewayResponse:
    place.refuse_unknown({"statusCode", "responseParameters", "responseTemplates"})
    status = place.label("statusCode")
    if status is not None and not _STATUS.match(status):
        place.error(f"{shown(status)} is no status code", "write for example '403'", "statusCode")
    templates = place.text_map("responseTemplates") if place.has("responseTemplates") else None
    return GatewayResponse(
        response_type=response_type,
        status_code=status,
        response_parameters=gateway_mapping(place, "responseParameters"),
        response_templates=templates,
    )
