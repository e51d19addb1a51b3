"""GetExport: the API that a stage serves as an OpenAPI document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.identity.policy_principals import with_arns
from bargate.model.rest_api import Model, RestApi
from bargate.openapi.write_http_text import write_json, write_yaml
from bargate.openapi.write_rest import Wanted, write_rest_api
from bargate.openapi.write_schemas import TooLarge
from bargate.records.deployed_rest_api import DEPLOYED_REST_API
from bargate.records.documentation import DOCUMENTATION_VERSION
from bargate.records.rest_model import REST_MODEL
from bargate.services.apigateway.documentation_values import show_part
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.finding import the_stage
from bargate.services.apigateway.model_schemas import InvalidSchema, complete_schema
from bargate.services.operation import operation

if TYPE_CHECKING:
    from bargate.records.rest_stage import RestStage
    from bargate.services.operation import OperationCall, Params

_TYPES: Final = {"application/json": "json", "application/yaml": "yaml"}
_EXTENSIONS: Final = frozenset({"integrations", "authorizers", "apigateway", "documentation"})


@operation()
def get_export(call: OperationCall, request: Params) -> Params:
    """Write what the stage's deployment froze, in the format and with the extensions asked for."""
    stage = the_stage(call, request)
    content_type = request.get("accepts") or "application/json"
    if content_type not in _TYPES:
        raise bad_request(f"Invalid content type specified: {content_type[:64]}")
    key = (stage.account_id, stage.region, stage.api_id, stage.deployment_id)
    api = _with_response_models(call, call.tx.get(DEPLOYED_REST_API, key).api)
    if api.policy is not None:
        api = replace(api, policy=with_arns(call.tx, api.policy))
    try:
        document = write_rest_api(api, _wanted(call, request, stage))
    except TooLarge as error:
        raise bad_request("The models of the API are too large to export") from error
    is_json = _TYPES[content_type] == "json"
    text = write_json(document) if is_json else write_yaml(document)
    file_name = f"{request['exportType']}_{stage.created:%Y-%m-%dT%H:%M:%SZ}.{_TYPES[content_type]}"
    return {
        "contentType": content_type,
        "contentDisposition": f'attachment; filename="{file_name}"',
        "body": text.encode(),
    }


def _wanted(call: OperationCall, request: Params, stage: RestStage) -> Wanted:
    kind: Any = request["exportType"]
    if kind not in {"oas30", "swagger"}:
        raise bad_request(f"Invalid export type specified: {kind[:64]}")
    asked = _extensions(request)
    suffix = "amazonaws.com.cn" if call.partition == "aws-cn" else "amazonaws.com"
    return Wanted(
        format=kind,
        integrations="integrations" in asked,
        authorizers="authorizers" in asked,
        gateway="apigateway" in asked,
        server=f"{stage.api_id}.execute-api.{stage.region}.{suffix}",
        base_path=f"/{stage.name}",
        version=f"{stage.created:%Y-%m-%dT%H:%M:%SZ}",  # AWS [O] when the API has none
        documentation=_documentation(call, stage) if "documentation" in asked else None,
    )


def _extensions(request: Params) -> set[str]:
    asked: set[str] = set()
    for name, value in (request.get("parameters") or {}).items():
        if name != "extensions":
            raise bad_request(f"Invalid export parameter specified: {name[:64]}")
        asked |= {each.strip() for each in value.split(",")}
    if asked - _EXTENSIONS:
        raise bad_request(f"Invalid export extensions specified: {min(asked - _EXTENSIONS)[:64]}")
    return asked


def _documentation(call: OperationCall, stage: RestStage) -> tuple[dict[str, Any], ...]:
    """Give the parts of the version that the stage shows."""
    if stage.documentation_version is None:
        return ()
    key = (stage.account_id, stage.region, stage.api_id, stage.documentation_version)
    version = call.tx.find(DOCUMENTATION_VERSION, key)
    return tuple(
        {"location": show_part(part)["location"], "properties": json.loads(part.properties)}
        for part in (() if version is None else version.parts)
    )


def _with_response_models(call: OperationCall, api: RestApi) -> RestApi:
    """Add the models that only responses name: deployments keep those that decide."""
    named = {
        name
        for resource in api.resources
        for method in resource.methods
        for response in method.method_responses
        for name in response.response_models.values()
    } - {model.name for model in api.models}
    if not named:
        return api
    place = (call.account_id, call.region, api.id)
    schemas = {each.name: each.schema for each in call.tx.list(REST_MODEL, place)}
    added = []
    for name in sorted(named & schemas.keys()):
        try:
            added.append(Model(name=name, schema=complete_schema(name, schemas)))
        except InvalidSchema:
            continue  # the live model changed since; the document says nothing of it
    return replace(api, models=(*api.models, *added))
