"""Schemas of models: what they may hold, and one complete in itself.

A model refers to another by `https://apigateway.amazonaws.com/restapis/{api}/models/{name}`; the
gateway fetches nothing, so what a schema reaches becomes `#/definitions/{name}` of it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Protocol

from bargate.policy.json_document import MalformedJson, read_json

MAX_CHARACTERS = 400 * 1024  # AWS [D] limits: 400 KB a model
_MAX_DEPTH = 100
_MAX_REACHED = 1_000
_MAX_REACHED_CHARACTERS = 4 * 1024 * 1024
_REFERENCE = re.compile(
    r"https://apigateway\.amazonaws\.com/restapis/[A-Za-z0-9]+/models/([A-Za-z0-9]+)(?:#|#(/.*))?"
)
# Their values are data, whatever is in them.
_DATA = frozenset({"enum", "default", "example", "examples", "const"})
_NAMED = frozenset({"properties", "patternProperties", "definitions", "dependencies"})


class InvalidSchema(ValueError):
    """A schema cannot be used; the message says why."""


def read_schema(text: str) -> dict[str, Any]:
    """Read the JSON text of a schema."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidSchema(f"Model schema is larger than {MAX_CHARACTERS} characters")
    try:
        schema = read_json(text)
    except MalformedJson as error:
        raise InvalidSchema(str(error)) from error
    if not isinstance(schema, dict):
        raise InvalidSchema("a schema is a JSON object")
    return schema


class Schemas(Protocol):
    """Schemas by the names of their models."""

    def get(self, name: str, /) -> str | None:
        """Give the JSON text of a schema, None when no model has the name."""


def refers_to(text: str, name: str) -> bool:
    """Say whether a schema names another model."""
    return any(found[1] == name for found in _REFERENCE.finditer(text))


def complete_schema(name: str, schemas: Schemas) -> str:
    """Give the schema of a model with all models that it reaches as its definitions."""
    reached: dict[str, dict[str, Any]] = {}
    pending: list[str] = []
    characters = 0
    try:
        schema = _resolved(_read(name, schemas), "#", pending)
        while pending:
            other = pending.pop()
            if other in reached:
                continue
            reached[other] = _resolved(
                _read(other, schemas), f"#/definitions/{_place(other)}", pending
            )
            characters += len(schemas.get(other) or "")
            if len(reached) > _MAX_REACHED or characters > _MAX_REACHED_CHARACTERS:
                raise InvalidSchema("it reaches too many other models")
        return _assembled(schema, reached)
    except RecursionError as error:
        raise InvalidSchema("it is nested too deeply") from error


def _read(name: str, schemas: Schemas) -> dict[str, Any]:
    text = schemas.get(name)
    if text is None:
        raise InvalidSchema(f"Invalid model reference specified: {name}")
    return read_schema(text)


def _place(name: str) -> str:
    # No definition that an author writes has such a name.
    return f"model:{name}"


def _assembled(schema: dict[str, Any], reached: dict[str, dict[str, Any]]) -> str:
    if reached:
        own = schema.get("definitions")
        definitions = dict(own) if isinstance(own, dict) else {}
        definitions.update({_place(name): each for name, each in reached.items()})
        if "$ref" in schema:
            # Draft 4 reads nothing beside $ref, so that it moves aside.
            schema = {"allOf": [{"$ref": schema["$ref"]}]}
        schema = {**schema, "definitions": definitions}
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _resolved(value: Any, root: str, pending: list[str], depth: int = 0) -> Any:
    """Give a schema whose references hold where it will stand: at `root` of the whole.

    Its `id` goes: it would change what references are relative to.
    """
    if depth > _MAX_DEPTH:
        raise InvalidSchema("it is nested too deeply")
    if isinstance(value, list):
        return [_resolved(each, root, pending, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _member(key, each, root, pending, depth)
        for key, each in value.items()
        if not (key == "id" and isinstance(each, str))
    }


def _member(key: str, value: Any, root: str, pending: list[str], depth: int) -> Any:
    if key == "$ref" and isinstance(value, str):
        return _reference(value, root, pending)
    if key in _NAMED and isinstance(value, dict):
        # Its keys are names of the author's, whatever they look like.
        return {name: _resolved(each, root, pending, depth + 1) for name, each in value.items()}
    if key in _DATA:
        _resolved(value, root, [], depth + 1)  # for its depth alone
        return value
    return _resolved(value, root, pending, depth + 1)


def _reference(reference: str, root: str, pending: list[str]) -> str:
    if reference.startswith("#"):
        return root + reference[1:]
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise InvalidSchema(f"Invalid model reference specified: {reference[:256]}")
    pending.append(found[1])
    return f"#/definitions/{_place(found[1])}{found[2] or ''}"
