"""An HTTP API as an OpenAPI 3.0 document, in the form of AWS's ExportApi.

HttpApi ──write_http_api──► document ──import_document──► the same HttpApi, up to ids
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bargate.openapi.extensions import PREFIX
from bargate.openapi.http import DEFAULT_PATH
from bargate.openapi.write_http_authorizers import write_schemes
from bargate.openapi.write_http_integrations import write_integration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.model.http_api import Cors, HttpApi, Route

Written = dict[str, Any]

_VARIABLE = re.compile(r"\{([^{}/+]+)\+?\}")
_ANY = PREFIX + "any-method"


def write_http_api(
    api: HttpApi, *, server_url: str | None = None, with_extensions: bool = True
) -> Written:
    """Write an API; without extensions only what OpenAPI itself can say."""
    document: Written = {
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": api.version},
    }
    if api.description:
        document["info"]["description"] = api.description
    if server_url is not None:
        document["servers"] = [{"url": server_url}]
    document["paths"] = _paths(api, with_extensions=with_extensions)
    schemes = write_schemes(api.authorizers, with_extensions=with_extensions)
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if with_extensions:
        document |= _root_extensions(api)
    return document


def _root_extensions(api: HttpApi) -> Written:
    written: Written = {}
    if api.disable_execute_api_endpoint:
        written[PREFIX + "endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
    if api.cors is not None:
        written[PREFIX + "cors"] = _cors(api.cors)
    written[PREFIX + "importexport-version"] = "1.0"
    return written


def _paths(api: HttpApi, *, with_extensions: bool) -> Written:
    names = {authorizer.id: authorizer.name for authorizer in api.authorizers}
    paths: dict[str, Written] = {}
    for route in api.routes:
        method, _, path = route.route_key.partition(" ")
        key = _ANY if method in {"ANY", "$default"} else method.lower()
        if not with_extensions and key == _ANY:
            continue
        operation = _operation(route, names, with_extensions=with_extensions)
        paths.setdefault(path or DEFAULT_PATH, {})[key] = operation
    return paths


def _operation(
    route: Route, authorizer_names: Mapping[str, str], *, with_extensions: bool
) -> Written:
    operation: Written = {}
    if route.operation_name is not None:
        operation["operationId"] = route.operation_name
    variables = _VARIABLE.findall(route.route_key)
    if variables:
        operation["parameters"] = [_path_parameter(name) for name in variables]
    operation["responses"] = {"default": {"description": f"Default response for {route.route_key}"}}
    if route.authorizer_id is not None:
        name = authorizer_names.get(route.authorizer_id, route.authorizer_id)
        operation["security"] = [{name: list(route.authorization_scopes)}]
    if not with_extensions:
        return operation
    if route.authorization_type == "AWS_IAM":
        operation[PREFIX + "auth"] = {"type": "AWS_IAM"}
    if route.integration is not None:
        operation[PREFIX + "integration"] = write_integration(route.integration)
    return operation


def _path_parameter(name: str) -> Written:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _cors(cors: Cors) -> Written:
    members = (
        ("allowOrigins", cors.allow_origins),
        ("allowMethods", cors.allow_methods),
        ("allowHeaders", cors.allow_headers),
        ("exposeHeaders", cors.expose_headers),
    )
    written: Written = {name: list(values) for name, values in members if values}
    if cors.max_age_s is not None:
        written["maxAge"] = cors.max_age_s
    if cors.allow_credentials:
        written["allowCredentials"] = True
    return written
