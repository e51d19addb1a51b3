"""A whole document as an HTTP API, as AWS's ImportApi (v2) reads it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from bargate.model.http_api import HttpApi, HttpAuthorizer, Route
from bargate.openapi.cors import cors_of
from bargate.openapi.endpoint import EndpointSettings, endpoint_settings
from bargate.openapi.findings import shown
from bargate.openapi.http_authorizers import http_authorizer
from bargate.openapi.http_integrations import http_integration
from bargate.openapi.http_security import route_access
from bargate.openapi.integrations import integration_of
from bargate.openapi.operations import Operation, PathItem, path_items
from bargate.openapi.security import Scheme, read_schemes

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading

DEFAULT_PATH = "/$default"

_VARIABLE = re.compile(r"\{[^{}/+\s]+\+?\}\Z")
_BRACED = re.compile(r"\{[^}]*\}")


def read_http_api(reading: Reading) -> HttpApi:
    """Read the API; errors are in the report, and the result is then of no use."""
    root = reading.root
    if reading.dialect == "2.0":
        root.error("HTTP APIs are imported from OpenAPI 3", "write openapi: 3.0.1", "swagger")
    schemes = read_schemes(reading, partial(http_authorizer, reading))
    info = root.object("info")
    return HttpApi(
        id=reading.api_id,
        name=(info.text("title") if info else None) or "",
        version=(info.label("version") if info else None) or "",
        description=(info.text("description") if info else None) or "",
        disable_execute_api_endpoint=_public(root).disabled,
        routes=tuple(_routes(root, schemes)),
        authorizers=tuple(s.authorizer for s in schemes.values() if s.authorizer),
        cors=cors_of(root),
    )


def _routes(root: Cursor, schemes: dict[str, Scheme[HttpAuthorizer]]) -> list[Route]:
    routes = []
    lines: dict[str, int] = {}
    for item in path_items(root):
        if not _is_path(item):
            continue
        for operation in item.operations:
            _refuse_same(operation, lines)
            routes.append(_route(operation, schemes))
    return routes


def _route(operation: Operation, schemes: dict[str, Scheme[HttpAuthorizer]]) -> Route:
    access = route_access(operation.cursor, schemes)
    integration = integration_of(operation.cursor)
    return Route(
        route_key=_route_key(operation),
        authorization_type=access.authorization_type,
        authorizer_id=access.authorizer_id,
        authorization_scopes=access.scopes,
        operation_name=operation.cursor.text("operationId"),
        integration=None if integration is None else http_integration(integration),
    )


def _route_key(operation: Operation) -> str:
    if operation.path == DEFAULT_PATH:
        return "$default"
    return f"{operation.verb} {operation.path}"


def _is_path(item: PathItem) -> bool:
    """Check the path alone; variables are whole parts, and a greedy one is the last."""
    if item.path == DEFAULT_PATH:
        return _is_default(item)
    parts = item.path.split("/")[1:]
    for part in parts:
        if (not part and len(parts) > 1) or (
            ("{" in part or "}" in part) and not _VARIABLE.match(part)
        ):
            item.cursor.error(
                f"{shown(part)!r} is no path part", "write text or one whole {variable}"
            )
            return False
    if any(part.endswith("+}") for part in parts[:-1]):
        item.cursor.error("a greedy variable must end its path", "move it to the end")
        return False
    return True


def _is_default(item: PathItem) -> bool:
    for operation in item.operations:
        if operation.verb != "ANY":
            operation.cursor.error(
                "the $default route takes every verb", "write x-amazon-apigateway-any-method"
            )
    return True


def _refuse_same(operation: Operation, lines: dict[str, int]) -> None:
    """Refuse two routes that differ only in the names of variables."""
    key = f"{operation.verb} {_BRACED.sub(_anonymous, operation.path)}"
    if key in lines:
        operation.cursor.error(
            f"the route on line {lines[key]} takes the same calls", "join the two into one"
        )
    lines.setdefault(key, operation.cursor.line())


def _anonymous(variable: re.Match[str]) -> str:
    return "{+}" if variable[0].endswith("+}") else "{}"


def _public(root: Cursor) -> EndpointSettings:
    settings = endpoint_settings(root)
    if settings.type == "PRIVATE":
        root.error("HTTP APIs cannot be private", "make it a REST API, or take the endpoints out")
    return settings
