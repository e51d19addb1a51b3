"""`x-amazon-apigateway-integration` of an HTTP API's route, written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bargate.model.http_api import HttpIntegration


def write_integration(integration: HttpIntegration) -> dict[str, Any]:
    """Write an integration; what is empty is left out."""
    is_linked = integration.connection_id is not None
    members: dict[str, Any] = {
        "payloadFormatVersion": integration.payload_format_version,
        "type": integration.type.lower(),
        "integrationSubtype": integration.integration_subtype,
        "httpMethod": integration.http_method,
        "uri": integration.uri,
        "connectionType": "VPC_LINK" if is_linked else "INTERNET",
        "connectionId": integration.connection_id,
        "credentials": integration.credentials,
        "requestParameters": dict(integration.request_parameters),
        "responseParameters": {
            status: dict(changes) for status, changes in integration.response_parameters.items()
        },
        "timeoutInMillis": integration.timeout_ms,
    }
    written = {name: value for name, value in members.items() if value not in (None, "", {})}
    if integration.server_name_to_verify is not None:
        written["tlsConfig"] = {"serverNameToVerify": integration.server_name_to_verify}
    return written
