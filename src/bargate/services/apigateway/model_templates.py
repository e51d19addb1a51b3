"""GetModelTemplate: a mapping template (VTL) that writes a body as a schema describes it [I]."""

from __future__ import annotations

from typing import Any

_MAX_DEPTH = 20
_SCALARS = {"string": '"foo"', "number": "42", "integer": "42", "boolean": "true", "null": "null"}


def template_of(schema: dict[str, Any]) -> str:
    """Give the template. The root stands as `$inputRoot`, as AWS's own templates begin."""
    return "#set($inputRoot = $input.path('$'))\n" + _value(schema, 0)


def _value(schema: Any, depth: int) -> str:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if depth > _MAX_DEPTH or not isinstance(kind, str):
        return "{ }"
    if kind in _SCALARS:
        return _SCALARS[kind]
    if kind == "array":
        return f"[ {_value(schema.get('items'), depth + 1)} ]"
    return _object(schema.get("properties"), depth)


def _object(properties: Any, depth: int) -> str:
    if not isinstance(properties, dict) or not properties:
        return "{ }"
    indent = "  " * (depth + 1)
    members = [
        f'{indent}"{_quoted(name)}" : {_value(each, depth + 1)}'
        for name, each in properties.items()
    ]
    return "{\n" + ",\n".join(members) + "\n" + "  " * depth + "}"


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')
