"""Translate one OpenAPI schema (2.0, 3.0 or 3.1) into JSON Schema draft 4.

Every keyword is kept, translated, known to say nothing, or reported: none is lost in silence.
References become `#/definitions/NAME`; the caller's `Definitions` name them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from bargate.nearest import did_you_mean
from bargate.openapi import keywords
from bargate.openapi.findings import shown
from bargate.openapi.source import Mapping, Scalar, value_of

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

Draft4: TypeAlias = dict[str, Any]

_NOTHING: Draft4 = {"not": {}}
_MAX_COUNT = 2**53


class Definitions(Protocol):
    """Names the schemas that others refer to."""

    def of_reference(self, reference: Cursor) -> str | None:
        """Name what the `$ref` at `reference` leads to; None when it leads nowhere."""

    def of_place(self, place: Cursor) -> str:
        """Name the schema that stands at `place`."""


def translate(schema: Cursor, definitions: Definitions) -> Draft4:
    """Give the draft-4 schema that takes the same values as `schema`."""
    if isinstance(schema.node, Scalar) and isinstance(schema.node.value, bool):
        return {} if schema.node.value else dict(_NOTHING)
    if not schema.is_object():
        return {}
    if schema.has("$ref"):
        return _reference(schema, definitions)
    return _written_out(schema, definitions)


def _reference(schema: Cursor, definitions: Definitions) -> Draft4:
    name = definitions.of_reference(schema)
    target: Draft4 = {} if name is None else _named(name)
    beside = [key for key, _ in schema.members() if key not in (*keywords.ANNOTATIONS, "$ref")]
    if not any(not key.startswith("x-") for key in beside):
        return target
    # JSON Schema 2020-12 (OpenAPI 3.1) reads both; draft 4 would read $ref alone.
    return {"allOf": [target, _written_out(schema, definitions)]}


def _named(name: str) -> Draft4:
    return {"$ref": "#/definitions/" + name.replace("~", "~0").replace("/", "~1")}


def _written_out(schema: Cursor, definitions: Definitions) -> Draft4:
    _report_unread(schema)
    found = _kept(schema)
    _add_subschemas(schema, definitions, found)
    extra = [
        *_limits(schema, found),
        *_conditions(schema, definitions),
        *_dependencies(schema, definitions, found),
    ]
    if extra:
        found["allOf"] = [*found.get("allOf", ()), *extra]
    return found


def _report_unread(schema: Cursor) -> None:
    for key, member in schema.members():
        if key in keywords.REFUSED:
            if not (key.startswith("unevaluated") and value_of(member.node) is True):
                member.error(f"the keyword {key} cannot be enforced", "API models are draft 4")
        elif key not in keywords.ALL and not key.startswith("x-"):
            remedy = did_you_mean(key, keywords.ALL, "remove it")
            member.warn(f"the keyword {shown(key)!r} is not known and not enforced", remedy)


def _kept(schema: Cursor) -> Draft4:
    found: Draft4 = {}
    for key, kind in keywords.KEPT.items():
        member = schema.at(key)
        if member is not None and _is_kind(schema, key, kind):
            found[key] = value_of(member.node)
    types = _types(schema)
    if types:
        found["type"] = types[0] if len(types) == 1 else types
    required = list(dict.fromkeys(schema.texts("required")))
    if required:
        found["required"] = required  # draft 4 has no empty list here
    const = schema.at("const")
    if const is not None:
        found["allOf"] = [{"enum": [value_of(const.node)]}]
    return found


def _is_kind(schema: Cursor, key: str, kind: str) -> bool:
    if kind == "list":
        items = schema.list(key)
        if not items:
            schema.error(f"{key} names no value", "list at least one", key)
        return bool(items)
    if kind == "number":
        return _is_number(schema, key)
    if kind == "count":
        return schema.integer(key, 0, _MAX_COUNT) is not None
    if kind == "text":
        return schema.text(key) is not None
    return schema.flag(key)


def _is_number(schema: Cursor, key: str) -> bool:
    member = schema.at(key)
    value = None if member is None else value_of(member.node)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and not (key == "multipleOf" and value is not None and value <= 0):
        return True
    schema.error(f"{key} is no number that can be used", "write a number", key)
    return False


def _types(schema: Cursor) -> list[str]:
    member, nullable = schema.at("type"), schema.flag("nullable")
    if member is None:
        if nullable:
            # OpenAPI 3.0.3 §4.7.24.1: nullable widens a type that stands beside it, nothing else
            schema.warn("nullable has no effect without type", "write type beside it", "nullable")
        return []
    places = [member] if isinstance(member.node, Scalar) else list(schema.list("type"))
    types = []
    for place in places:
        name = place.as_text()
        if name is not None and name not in keywords.TYPES:
            remedy = did_you_mean(name, keywords.TYPES, f"write one of {', '.join(keywords.TYPES)}")
            place.error(f"{shown(name)!r} is no type", remedy)
        elif name is not None and name not in types:
            types.append(name)
    if not places:
        member.error("type names no type", "name at least one")
    if nullable and "null" not in types:
        types.append("null")
    return types


def _add_subschemas(schema: Cursor, definitions: Definitions, found: Draft4) -> None:
    for key in keywords.ONE_SCHEMA:
        member = schema.at(key)
        if member is not None:
            found[key] = _flag_or_schema(key, member, definitions)
    for key in keywords.SCHEMA_LISTS:
        parts = [translate(part, definitions) for part in schema.list(key)]
        if parts:
            found[key] = [*found.get(key, ()), *parts]
        elif schema.has(key):
            schema.error(f"{key} lists no schema", "list at least one", key)
    for key in keywords.SCHEMA_MAPS:
        members = schema.object(key)
        if members is not None:
            found[key] = {name: translate(part, definitions) for name, part in members.members()}
    _add_items(schema, definitions, found)


def _flag_or_schema(key: str, member: Cursor, definitions: Definitions) -> bool | Draft4:
    if key != "not" and isinstance(member.node, Scalar) and isinstance(member.node.value, bool):
        return member.node.value
    return translate(member, definitions)


def _add_items(schema: Cursor, definitions: Definitions, found: Draft4) -> None:
    items, prefix = schema.at("items"), schema.list("prefixItems")
    if prefix:
        found["items"] = [translate(part, definitions) for part in prefix]
        if items is not None:
            found["additionalItems"] = translate(items, definitions)
    elif items is not None and isinstance(items.node, Mapping | Scalar):
        found["items"] = translate(items, definitions)
    elif items is not None:
        found["items"] = [translate(part, definitions) for part in items.elements()]
    contains = schema.at("contains")
    if contains is not None:
        no_such_item = {"type": "array", "items": {"not": translate(contains, definitions)}}
        found["allOf"] = [*found.get("allOf", ()), {"not": no_such_item}]


def _limits(schema: Cursor, found: Draft4) -> list[Draft4]:
    """Read exclusive limits: flags in draft 4 (2.0, 3.0), numbers since (3.1)."""
    extra: list[Draft4] = []
    for key, limit in (("exclusiveMaximum", "maximum"), ("exclusiveMinimum", "minimum")):
        member = schema.at(key)
        if member is None:
            continue
        value = value_of(member.node)
        if isinstance(value, int | float) and not isinstance(value, bool):
            extra.append({limit: value, key: True})
        elif schema.flag(key) and limit in found:
            found[key] = True
    return extra


def _conditions(schema: Cursor, definitions: Definitions) -> list[Draft4]:
    """Give if/then/else by means of draft 4: not if, or then; if, or else."""
    condition = schema.at("if")
    if condition is None:
        return []
    # By name, because it stands twice: nested conditions would double with every level.
    holds = _named(definitions.of_place(condition))
    extra: list[Draft4] = []
    for key, otherwise in (("then", {"not": holds}), ("else", holds)):
        branch = schema.at(key)
        if branch is not None:
            extra.append({"anyOf": [otherwise, translate(branch, definitions)]})
    return extra


def _dependencies(schema: Cursor, definitions: Definitions, found: Draft4) -> list[Draft4]:
    """Join the three ways to write dependencies into draft 4's one."""
    extra: list[Draft4] = []
    for key in ("dependencies", "dependentRequired", "dependentSchemas"):
        members = schema.object(key)
        joined: Draft4 = {}
        for name, member in members.members() if members else ():
            is_schema = isinstance(member.node, Mapping | Scalar)
            names = list(members.texts(name)) if members and not is_schema else []
            if is_schema or names:
                joined[name] = translate(member, definitions) if is_schema else names
        if joined:
            extra.append({"dependencies": joined})
    if len(extra) == 1:
        found.update(extra.pop())
    return extra
