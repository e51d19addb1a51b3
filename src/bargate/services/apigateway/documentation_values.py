"""Locations and contents of documentation parts, checked (AWS [M] DocumentationPartLocation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.policy.json_document import MalformedJson, read_json
from bargate.records.documentation import DocumentationPart, DocumentationPartLocation
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.more_values import is_storable
from bargate.services.apigateway.shape import present

if TYPE_CHECKING:
    from bargate.services.operation import Params

_PLACE: Final = frozenset({"path", "method"})
_ANSWER: Final = _PLACE | {"statusCode"}
# Which members of a location are valid for which type; a name that is valid is required.
_MEMBERS: Final[dict[str, frozenset[str]]] = {
    "API": frozenset(),
    "AUTHORIZER": frozenset({"name"}),
    "MODEL": frozenset({"name"}),
    "RESOURCE": frozenset({"path"}),
    "METHOD": _PLACE,
    "PATH_PARAMETER": _PLACE | {"name"},
    "QUERY_PARAMETER": _PLACE | {"name"},
    "REQUEST_HEADER": _PLACE | {"name"},
    "REQUEST_BODY": _PLACE,
    "RESPONSE": _ANSWER,
    "RESPONSE_HEADER": _ANSWER | {"name"},
    "RESPONSE_BODY": _ANSWER,
}
_DEFAULTS: Final = {"path": "/", "method": "*", "statusCode": "*"}
_MAX_TEXT: Final = 2_048
_MAX_PROPERTIES: Final = 64 * 1024


def read_location(written: Params) -> DocumentationPartLocation:
    """Read a location; members of other types are refused, defaults are filled in."""
    kind: str = written.get("type") or ""
    if kind not in _MEMBERS:
        raise bad_request(f"Invalid documentation part location type: {kind[:64]}")
    members = {name: text for name, text in written.items() if name != "type" and text}
    for name, text in members.items():
        if name not in _MEMBERS[kind]:
            raise bad_request(f"Invalid documentation part location: {kind} has no {name[:64]}")
        if len(text) > _MAX_TEXT or not is_storable(text) or "\t" in text:
            raise bad_request(f"Invalid documentation part location: {name}")
    if "name" in _MEMBERS[kind] and "name" not in members:
        raise bad_request(f"Invalid documentation part location: {kind} needs a name")
    filled = {name: _DEFAULTS[name] for name in _MEMBERS[kind] if name in _DEFAULTS} | members
    return DocumentationPartLocation(
        type=kind,
        path=filled.get("path"),
        method=filled.get("method"),
        status_code=filled.get("statusCode"),
        name=filled.get("name"),
    )


def checked_properties(text: str) -> str:
    """Check that a part's contents are a JSON object."""
    if len(text) > _MAX_PROPERTIES or not is_storable(text):
        raise bad_request("Documentation part properties are too large or not Unicode")
    try:
        found = read_json(text)
    except (MalformedJson, RecursionError) as error:
        raise bad_request("Documentation part properties must be a JSON object") from error
    if not isinstance(found, dict):
        raise bad_request("Documentation part properties must be a JSON object")
    return text


def show_part(part: DocumentationPart) -> Params:
    """Write a part as AWS does."""
    place = part.location
    location = present(
        type=place.type,
        path=place.path,
        method=place.method,
        statusCode=place.status_code,
        name=place.name,
    )
    return {"id": part.id, "location": location, "properties": part.properties}
