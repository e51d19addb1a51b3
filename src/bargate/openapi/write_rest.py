"""A REST API as a document: what `import_document` reads back as the same API.

RestApi ──write_rest_api──► plain values ──write_http_text──► text
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from bargate.openapi.extensions import PREFIX
from bargate.openapi.write_integrations import write_gateway_response, write_integration
from bargate.openapi.write_schemas import SchemaWriter
from bargate.openapi.write_security import SecurityWriter

if TYPE_CHECKING:
    from bargate.model.rest_api import Method, MethodResponse, Resource, RestApi

Format = Literal["oas30", "swagger"]
_LOCATIONS: Final = {"header": "header", "querystring": "query", "path": "path"}
_ANY: Final = f"{PREFIX}any-method"


class Wanted(Struct, frozen=True, kw_only=True):
    """What to write: the format, which extensions, and where the API answers.

    `server` is its host name, `base_path` the stage's path with its slash; `version` stands for
    that of an API that has none. `documentation` are documentation parts, None to leave them out.
    """

    format: Format
    integrations: bool = False
    authorizers: bool = False
    gateway: bool = False
    server: str = ""
    base_path: str = "/"
    version: str = "1.0"
    documentation: tuple[dict[str, Any], ...] | None = None


class _Writers(Struct, frozen=True, eq=False):
    wanted: Wanted
    schemas: SchemaWriter
    security: SecurityWriter
    validators: dict[str, str]


def write_rest_api(api: RestApi, wanted: Wanted) -> dict[str, Any]:
    """Write an API as plain values in the order of AWS's exports; raises TooLarge."""
    is_swagger = wanted.format == "swagger"
    writers = _Writers(
        wanted,
        SchemaWriter(
            "#/definitions/" if is_swagger else "#/components/schemas/",
            api.models,
            has_nullable=not is_swagger,
        ),
        SecurityWriter(api.authorizers, with_extensions=wanted.authorizers or wanted.gateway),
        _validator_names(api),
    )
    document = _head(api, wanted)
    document["paths"] = {
        resource.path: _path(resource, writers) for resource in api.resources if resource.methods
    }
    document |= _sections(writers)
    if wanted.gateway:
        document |= _extensions(api, writers)
    if wanted.documentation is not None:
        parts = {"version": api.version or wanted.version}
        parts |= {"documentationParts": list(wanted.documentation)}  # type: ignore[dict-item]
        document[f"{PREFIX}documentation"] = parts
    return document


def _head(api: RestApi, wanted: Wanted) -> dict[str, Any]:
    info = {"title": api.name, "version": api.version or wanted.version}
    if api.description:
        info["description"] = api.description
    if wanted.format == "swagger":
        head: dict[str, Any] = {"swagger": "2.0", "info": info, "basePath": wanted.base_path}
        return head | {"schemes": ["https"]} | ({"host": wanted.server} if wanted.server else {})
    head = {"openapi": "3.0.1", "info": info}
    if wanted.server:
        variables = {"basePath": {"default": wanted.base_path}}
        url = f"https://{wanted.server}/{{basePath}}"
        head["servers"] = [{"url": url, "variables": variables}]
    return head


def _sections(writers: _Writers) -> dict[str, Any]:
    schemas, schemes = writers.schemas.schemas(), writers.security.schemes()
    if writers.wanted.format == "swagger":
        found = {"securityDefinitions": schemes, "definitions": schemas}
        return {name: each for name, each in found.items() if each}
    found = {"schemas": schemas, "securitySchemes": schemes}
    components = {name: each for name, each in found.items() if each}
    return {"components": components} if components else {}


def _validator_names(api: RestApi) -> dict[str, str]:
    """Name validators by their ids; those that share a name, or have none, go by the id."""
    names = [each.name for each in api.request_validators]
    return {
        each.id: each.name if each.name and names.count(each.name) == 1 else each.id
        for each in api.request_validators
    }


def _extensions(api: RestApi, writers: _Writers) -> dict[str, Any]:
    validators = {
        writers.validators[each.id]: {
            "validateRequestBody": each.validate_request_body,
            "validateRequestParameters": each.validate_request_parameters,
        }
        for each in api.request_validators
    }
    responses = {each.response_type: write_gateway_response(each) for each in api.gateway_responses}
    members: dict[str, Any] = {
        "policy": None if api.policy is None else json.loads(api.policy),
        "gateway-responses": responses or None,
        "request-validators": validators or None,
        "api-key-source": None if api.api_key_source == "HEADER" else api.api_key_source,
        "binary-media-types": list(api.binary_media_types) or None,
        "endpoint-configuration": (
            {"disableExecuteApiEndpoint": True} if api.disable_execute_api_endpoint else None
        ),
    }
    return {f"{PREFIX}{name}": each for name, each in members.items() if each is not None}


def _path(resource: Resource, writers: _Writers) -> dict[str, Any]:
    return {
        _ANY if method.http_method == "ANY" else method.http_method.lower(): _operation(
            method, writers
        )
        for method in resource.methods
    }


def _operation(method: Method, writers: _Writers) -> dict[str, Any]:
    is_swagger = writers.wanted.format == "swagger"
    written: dict[str, Any] = {}
    if method.operation_name:
        written["operationId"] = method.operation_name
    written |= _body(method, writers)
    parameters = [
        _parameter(name, required=required, is_swagger=is_swagger)
        for name, required in method.request_parameters.items()
    ]
    if parameters:
        written["parameters"] = [*parameters, *written.get("parameters", ())]
    written["responses"] = {
        each.status_code: _response(each, writers) for each in method.method_responses
    } or {"default": {"description": "Default response"}}
    requirements = writers.security.requirements(method)
    if requirements:
        written["security"] = requirements
    if writers.wanted.gateway and method.request_validator_id in writers.validators:
        name = writers.validators[method.request_validator_id]
        written[f"{PREFIX}request-validator"] = name
    if (writers.wanted.gateway or writers.wanted.integrations) and method.integration is not None:
        written[f"{PREFIX}integration"] = write_integration(method.integration)
    return written


def _parameter(name: str, *, required: bool, is_swagger: bool) -> dict[str, Any]:
    """Write `method.request.{location}.{name}`."""
    _, _, location, own = name.split(".", 3)
    written: dict[str, Any] = {"name": own, "in": _LOCATIONS[location]}
    if required or location == "path":
        written["required"] = True
    return written | ({"type": "string"} if is_swagger else {"schema": {"type": "string"}})


def _body(method: Method, writers: _Writers) -> dict[str, Any]:
    if not method.request_models:
        return {}
    if writers.wanted.format == "oas30":
        content = {
            content_type: {"schema": writers.schemas.reference(name)}
            for content_type, name in method.request_models.items()
        }
        return {"requestBody": {"content": content, "required": True}}
    # OpenAPI 2 has one body schema: that of the first content type, for those that share it.
    model = next(iter(method.request_models.values()))
    consumes = [key for key, name in method.request_models.items() if name == model]
    schema = writers.schemas.reference(model)
    body = {"in": "body", "name": model, "required": True, "schema": schema}
    return {"consumes": consumes, "parameters": [body]}


def _response(response: MethodResponse, writers: _Writers) -> dict[str, Any]:
    is_swagger = writers.wanted.format == "swagger"
    written: dict[str, Any] = {"description": f"{response.status_code} response"}
    schema: dict[str, Any] = {"type": "string"} if is_swagger else {"schema": {"type": "string"}}
    headers = {name.split(".", 3)[3]: schema for name in response.response_parameters}
    if headers:
        written["headers"] = headers
    models = {
        key: writers.schemas.reference(name) for key, name in response.response_models.items()
    }
    if models and is_swagger:
        written["schema"] = next(iter(models.values()))
    elif models:
        written["content"] = {key: {"schema": each} for key, each in models.items()}
    return written
