"""OpenAPI responses as method responses: what a method may answer with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.model.rest_api import MethodResponse
from bargate.openapi.findings import shown
from bargate.openapi.refs import follow

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.schemas import Schemas

_STATUS = re.compile(r"[1-5][0-9]{2}\Z")
_RANGE = re.compile(r"default\Z|[1-5]XX\Z")


def method_responses(operation: Cursor, schemas: Schemas) -> tuple[MethodResponse, ...]:
    """Read the responses with a status; `default` and `4XX` have no place in API Gateway."""
    responses = operation.object("responses")
    found = []
    for status, place in responses.members() if responses else ():
        if status.startswith("x-"):
            continue
        if not _STATUS.match(status):
            if not _RANGE.match(status):
                place.error(f"{shown(status)!r} is no status code", "write for example '200'")
            continue
        response = follow(place)
        if response is not None:
            found.append(_method_response(status, response, schemas))
    return tuple(found)


def _method_response(status: str, response: Cursor, schemas: Schemas) -> MethodResponse:
    headers = response.object("headers")
    return MethodResponse(
        status_code=status,
        response_parameters={
            f"method.response.header.{name}": False
            for name, _ in (headers.members() if headers else ())
        },
        response_models=_response_models(response, schemas),
    )


def _response_models(response: Cursor, schemas: Schemas) -> dict[str, str]:
    """Name the models of bodies that refer to one; bodies written in place decide nothing."""
    models = {}
    content = response.object("content")
    for content_type, media in content.members() if content else ():
        name = schemas.name_of(media.at("schema"))
        if name is not None:
            models[content_type] = name
    name = schemas.name_of(response.at("schema"))
    return {"application/json": name} if name is not None else models
