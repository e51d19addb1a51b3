"""Request bodies as models by content type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.openapi.refs import follow

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.operations import Operation
    from bargate.openapi.parameters import Parameter
    from bargate.openapi.schemas import Schemas

_DEFAULT_CONSUMES = ("application/json",)


def request_models(
    operation: Operation, parameters: tuple[Parameter, ...], schemas: Schemas
) -> dict[str, str]:
    """Map content types to the models of the operation's body."""
    models = _of_request_body(operation.cursor, schemas)
    bodies = [parameter for parameter in parameters if parameter.location == "body"]
    for parameter in bodies[1:]:
        parameter.cursor.error("an operation has one body", "keep one parameter with in: body")
    for parameter in bodies[:1]:
        schema = parameter.cursor.object("schema", required=True)
        name = None if schema is None else schemas.use(schema)
        if name is not None:
            models.update(dict.fromkeys(_consumes(operation.cursor), name))
    return models


def _of_request_body(operation: Cursor, schemas: Schemas) -> dict[str, str]:
    found = operation.at("requestBody")
    body = None if found is None else follow(found)
    if body is None:
        return {}
    body.refuse_unknown({"description", "content", "required"}, extensible=True)
    body.flag("required")
    content = body.object("content", required=True)
    models: dict[str, str] = {}
    for content_type, media in content.members() if content else ():
        if not media.is_object():
            continue
        media.refuse_unknown({"schema", "example", "examples", "encoding"}, extensible=True)
        schema = media.at("schema")
        name = None if schema is None else schemas.use(schema)
        if name is not None:
            models[content_type] = name
    return models


def _consumes(operation: Cursor) -> tuple[str, ...]:
    place = operation if operation.has("consumes") else operation.root()
    return place.texts("consumes") or _DEFAULT_CONSUMES
