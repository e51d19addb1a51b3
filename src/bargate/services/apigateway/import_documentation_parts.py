"""Documentation parts from a document's `x-amazon-apigateway-documentation`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bargate.openapi import InvalidDocument, read_document
from bargate.openapi.source import value_of
from bargate.records.documentation import DOCUMENTATION_PART, location_key
from bargate.services.apigateway.documentation_parts import MAX_PARTS, new_part
from bargate.services.apigateway.errors import bad_request
from bargate.services.apigateway.finding import the_api
from bargate.services.apigateway.shape import delete_all
from bargate.services.operation import operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.openapi import Document
    from bargate.services.operation import OperationCall, Params
    from bargate.store.kind import Key

EXTENSION: Final = "x-amazon-apigateway-documentation"


@operation(writes=True)
def import_documentation_parts(call: OperationCall, request: Params) -> Params:
    """Write the parts of a document; what they stand for must have a right location."""
    api = the_api(call, request)
    written = written_parts(read_body(request["body"]))
    if request.get("mode") == "overwrite":
        delete_all(call.tx, DOCUMENTATION_PART, api.key())
    ids, warnings = store_parts(call, api.key(), written)
    if warnings and request.get("failOnWarnings"):
        raise bad_request("; ".join(warnings[:10]))
    return {"ids": ids, "warnings": warnings}


def read_body(body: bytes) -> Document:
    """Read a document, JSON or YAML; raises BadRequestException."""
    try:
        return read_document(body.decode("utf-8-sig"), file_name="body")
    except (UnicodeDecodeError, InvalidDocument) as error:
        raise bad_request("Invalid OpenAPI input.") from error  # AWS [R] apigw-errors §5


def written_parts(document: Document) -> list[Params]:
    """Give the parts of a document as `location` and `properties`, the latter JSON text."""
    extension = _object(value_of(document.root).get(EXTENSION, {}))
    parts = extension.get("documentationParts", [])
    if not isinstance(parts, list) or len(parts) > MAX_PARTS:
        raise bad_request(f"Invalid {EXTENSION}: at most {MAX_PARTS} parts")
    return [_written(_object(part)) for part in parts]


def _object(value: Any) -> Params:
    if not isinstance(value, dict):
        raise bad_request(f"Invalid {EXTENSION}: an object is missing")
    return value


def _written(part: Params) -> Params:
    location = _object(part.get("location"))
    if not all(isinstance(text, str) for text in location.values()):
        raise bad_request(f"Invalid {EXTENSION}: a location holds what is no text")
    try:
        properties = json.dumps(_object(part.get("properties")), ensure_ascii=False)
    except TypeError as error:  # a YAML date or the like
        raise bad_request(f"Invalid {EXTENSION}: properties that JSON does not have") from error
    return {"location": location, "properties": properties}


def store_parts(call: OperationCall, api: Key, parts: list[Params]) -> tuple[list[str], list[str]]:
    """Write parts, in place of those of the same locations; gives ids and warnings."""
    ids: list[str] = []
    warnings: list[str] = []
    count = call.tx.count(DOCUMENTATION_PART, api)
    for number, written in enumerate(parts, 1):
        try:
            part = new_part(call, api[-1], written["location"], written["properties"])
        except AwsError as error:
            warnings.append(f"Documentation part {number}: {error.message}")
            continue
        key = (*api, location_key(part.location))
        former = call.tx.find_by(DOCUMENTATION_PART, "location", key)
        if former is not None:
            call.tx.delete(DOCUMENTATION_PART, DOCUMENTATION_PART.key_of(former))
            count -= 1
        if count >= MAX_PARTS:
            text = f"An API can have at most {MAX_PARTS} documentation parts"
            raise AwsError("LimitExceededException", text)
        ids.append(call.tx.create(DOCUMENTATION_PART, part).id)
        count += 1
    return ids, warnings
