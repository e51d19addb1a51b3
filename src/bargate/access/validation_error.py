"""What `$context.error.validationErrorString` says, in the words AWS's validator uses.

Values of the body are left out on purpose: the text reaches logs.
"""

import json
from collections.abc import Callable
from typing import Any

import jsonschema_rs

_Kind = jsonschema_rs.ValidationErrorKind


def describe_error(error: jsonschema_rs.ValidationError) -> str:
    """Say in one sentence which keyword failed, and where."""
    describe = _DESCRIPTIONS.get(type(error.kind).__name__, _keyword)
    at = "".join(f"/{step}" for step in error.instance_path)
    return f"{describe(error.kind)}{f' at {at}' if at else ''}"


def _keyword(kind: Any) -> str:
    return f"instance failed to match the schema's {kind.name}"


def _required(kind: Any) -> str:
    return f"object has missing required properties ({json.dumps([kind.property])})"


def _type(kind: Any) -> str:
    allowed = json.dumps(kind.types, separators=(",", ":"))
    return f"instance type does not match any allowed primitive type (allowed: {allowed})"


def _additional(kind: Any) -> str:
    unexpected = json.dumps(sorted(kind.unexpected)[:10])
    return f"object instance has properties which are not allowed by the schema: {unexpected}"


_DESCRIPTIONS: dict[str, Callable[[Any], str]] = {
    "Required": _required,
    "Type": _type,
    "AdditionalProperties": _additional,
    "Minimum": lambda kind: f"numeric instance is lower than the required minimum ({kind.limit})",
    "Maximum": lambda kind: f"numeric instance is greater than the required maximum ({kind.limit})",
    "MinLength": lambda kind: f"string is too short (required minimum: {kind.limit})",
    "MaxLength": lambda kind: f"string is too long (maximum allowed: {kind.limit})",
    "Enum": lambda kind: f"instance value not found in enum (possible values: {kind.options})",
    "Pattern": lambda kind: (
        f"ECMA 262 regex {json.dumps(kind.pattern)} does not match input string"
    ),
}
