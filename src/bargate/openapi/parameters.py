"""OpenAPI parameters as API Gateway's request parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.openapi.findings import shown
from bargate.openapi.refs import follow
from bargate.openapi.rest_paths import variables_of

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.operations import Operation

_LOCATIONS = {"header": "header", "query": "querystring", "path": "path"}
_UNCHECKED = {"cookie": "cookies", "formData": "form fields"}
_MEMBERS = {
    "name", "in", "description", "required", "deprecated", "allowEmptyValue", "style", "explode",
    "allowReserved", "schema", "example", "examples", "content", "type", "format", "items",
    "collectionFormat", "default", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum",
    "maxLength", "minLength", "pattern", "maxItems", "minItems", "uniqueItems", "enum",
    "multipleOf",
}  # fmt: skip
_NAME = re.compile(r"[^\s\x00-\x1f\x7f]+\Z")


class Parameter(Struct, frozen=True, eq=False):
    """One parameter of an operation; `location` is OpenAPI's `in`."""

    name: str
    location: str
    required: bool
    cursor: Cursor


def parameters_of(operation: Operation) -> tuple[Parameter, ...]:
    """Give the parameters of an operation; its own replace those of its path."""
    found = _listed(operation.item)
    found.update(_listed(operation.cursor))
    return tuple(found.values())


def request_parameters(operation: Operation, parameters: tuple[Parameter, ...]) -> dict[str, bool]:
    """Map `method.request.{location}.{name}` to whether the parameter is required."""
    first: dict[str, Parameter] = {}
    request: dict[str, bool] = {}
    for parameter in parameters:
        if not _is_mapped(operation, parameter):
            continue
        known = first.setdefault(parameter.name, parameter)
        if known is not parameter:
            # AWS [R] apigw-errors §5 PutMethod
            parameter.cursor.error(
                "Parameter names must be unique across querystring, header and path",
                f"rename this one or the {known.location} parameter on line {known.cursor.line()}",
            )
        name = f"method.request.{_LOCATIONS[parameter.location]}.{parameter.name}"
        request[name] = parameter.required or parameter.location == "path"
    return request


def _listed(owner: Cursor) -> dict[tuple[str, str], Parameter]:
    listed: dict[tuple[str, str], Parameter] = {}
    for item in owner.list("parameters"):
        cursor = follow(item)
        parameter = None if cursor is None else _parameter(cursor)
        if parameter is None:
            continue
        key = (parameter.location, parameter.name)
        if key in listed:
            item.error("this parameter is listed twice", "keep one of them")
        listed[key] = parameter
    return listed


def _parameter(cursor: Cursor) -> Parameter | None:
    cursor.refuse_unknown(_MEMBERS, extensible=True)
    name = cursor.text("name", required=True)
    location = cursor.choice("in", {*_LOCATIONS, *_UNCHECKED, "body"})
    if not cursor.has("in"):
        cursor.error("in is missing", "write header, query or path")
    if name is None or location is None:
        return None
    if location != "body" and not _NAME.match(name):
        cursor.error(f"{shown(name)!r} is no parameter name", "write it without spaces", "name")
        return None
    return Parameter(name, location, cursor.flag("required"), cursor)


def _is_mapped(operation: Operation, parameter: Parameter) -> bool:
    """Say whether API Gateway has a place for the parameter."""
    unchecked = _UNCHECKED.get(parameter.location)
    if unchecked is not None:
        parameter.cursor.warn(
            f"API Gateway does not look at {unchecked}: {parameter.name} is not checked",
            "check it in the backend",
        )
        return False
    if parameter.location == "path":
        name = parameter.name.removesuffix("+")
        if name != parameter.name or name not in variables_of(operation.path):
            parameter.cursor.error(
                f"the path {operation.path} of this parameter has no variable {parameter.name}",
                "name one of the path's variables, without braces and plus",
            )
            return False
    return parameter.location != "body"
