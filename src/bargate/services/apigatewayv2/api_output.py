"""How an HTTP API is shown, and where it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.apigatewayv2.cors import shown_cors

if TYPE_CHECKING:
    from bargate.records.http_api import HttpApiRecord
    from bargate.services.operation import OperationCall, Params


def show(call: OperationCall, api: HttpApiRecord) -> Params:
    """Give an API as CreateApi and its siblings show it."""
    output: Params = {
        "ApiEndpoint": endpoint_of(call, api),
        "ApiId": api.id,
        "ApiKeySelectionExpression": api.api_key_selection_expression,
        "CreatedDate": api.created,
        "DisableExecuteApiEndpoint": api.disable_execute_api_endpoint,
        "IpAddressType": api.ip_address_type,
        "Name": api.name,
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": dict(api.tags),
    }
    optional = {
        "Description": api.description,
        "DisableSchemaValidation": api.disable_schema_validation or None,
        "Version": api.version or None,
        "CorsConfiguration": None if api.cors is None else shown_cors(api.cors),
        "ImportInfo": list(api.import_info) or None,
        "Warnings": list(api.warnings) or None,
    }
    return output | {name: value for name, value in optional.items() if value is not None}


def endpoint_of(call: OperationCall, api: HttpApiRecord) -> str:
    """Give the URL that the API answers at: the gateway's, or AWS's form of it."""
    ours = getattr(call.environment, "api_endpoint", None)
    if ours is not None:
        return str(ours(api.id, api.region))
    return f"https://{api.id}.execute-api.{api.region}.amazonaws.com"
