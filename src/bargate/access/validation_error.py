"""What `$context.error.validationErrorString` says, in the words AWS's validator uses.

Values of the body are left out on purpose: the text reaches logs. Names of members are the
client's as well, and are cut.
"""

import json
from collections.abc import Callable, Iterable
from heapq import nsmallest
from itertools import islice
from typing import Any

import jsonschema_rs

MAX_CHARACTERS = 1_024  # of all that is said of one body
_MAX_NAME_CHARACTERS = 64
_MAX_STEPS = 8
_MAX_NAMES = 10
_Kind = jsonschema_rs.ValidationErrorKind


def describe_error(error: jsonschema_rs.ValidationError) -> str:
    """Say in one sentence which keyword failed, and where."""
    describe = _DESCRIPTIONS.get(type(error.kind).__name__, _keyword)
    at = "".join(f"/{_cut(str(step))}" for step in islice(error.instance_path, _MAX_STEPS))
    return f"{describe(error.kind)}{f' at {at}' if at else ''}"[:MAX_CHARACTERS]


def describe_errors(errors: Iterable[jsonschema_rs.ValidationError]) -> str:
    """Describe them all, in brackets, as far as there is room."""
    said: list[str] = []
    room = MAX_CHARACTERS - 2
    for error in errors:
        sentence = describe_error(error)
        if len(sentence) > room:
            said.append(sentence[: max(room, 0)])
            break
        said.append(sentence)
        room -= len(sentence) + 2
    return f"[{', '.join(said)}]"


def _cut(name: str) -> str:
    if len(name) <= _MAX_NAME_CHARACTERS:
        return name
    return f"{name[: _MAX_NAME_CHARACTERS - 1]}…"


def _keyword(kind: Any) -> str:
    return f"instance failed to match the schema's {kind.name}"


def _required(kind: Any) -> str:
    return f"object has missing required properties ({json.dumps([kind.property])})"


def _type(kind: Any) -> str:
    allowed = json.dumps(kind.types, separators=(",", ":"))
    return f"instance type does not match any allowed primitive type (allowed: {allowed})"


def _additional(kind: Any) -> str:
    unexpected = json.dumps([_cut(name) for name in nsmallest(_MAX_NAMES, kind.unexpected)])
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
