"""ExportApi: an HTTP API as an OpenAPI 3.0 document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.openapi.write_http_api import write_http_api
from bargate.openapi.write_http_text import write_json, write_yaml
from bargate.records.deployed_http_api import DEPLOYED_HTTP_API
from bargate.services.apigatewayv2.api_output import endpoint_of
from bargate.services.apigatewayv2.deployed import current_api
from bargate.services.apigatewayv2.errors import bad_request, not_found
from bargate.services.apigatewayv2.find import api_of, stage_of
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from bargate.model.http_api import HttpApi

_WRITERS = {"JSON": write_json, "YAML": write_yaml}


@operation()
def export_api(call: OperationCall, request: Params) -> Params:
    """Write an API as it is now, or as it is deployed to a stage."""
    record = api_of(call, request)
    if request["Specification"] != "OAS30":
        raise bad_request("Invalid specification specified. The only supported one is OAS30")
    if (request.get("ExportVersion") or "1.0") != "1.0":
        raise bad_request("Invalid export version specified. The only supported one is 1.0")
    writer = _WRITERS.get(request["OutputType"])
    if writer is None:
        raise bad_request("Invalid output type specified. Supported types are JSON and YAML")
    stage = request.get("StageName") or None
    api = current_api(call.tx, record) if stage is None else _deployed(call, request)
    endpoint = endpoint_of(call, record)
    document = write_http_api(
        api,
        server_url=endpoint if stage in {None, "$default"} else f"{endpoint}/{stage}",
        with_extensions=request.get("IncludeExtensions") is not False,
    )
    return {"body": writer(document).encode("utf-8")}


def _deployed(call: OperationCall, request: Params) -> HttpApi:
    stage = stage_of(call, request)
    key = (stage.account_id, stage.region, stage.api_id, stage.deployment_id or "")
    deployed = call.tx.find(DEPLOYED_HTTP_API, key)
    if deployed is None:
        raise not_found(f"The stage {stage.name} has no deployment")
    return deployed.api
