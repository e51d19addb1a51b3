"""Models that would keep a worker busy for ever are refused when they are compiled."""

from __future__ import annotations

from typing import Any

import pytest

from bargate.access.schema_cost import check_cost
from bargate.model.invalid import InvalidConfiguration


def chain(part: Any, levels: int = 40) -> dict[str, Any]:
    """Give a schema of definitions that each lead to the next one by `part`."""
    definitions = {f"M{at}": part({"$ref": f"#/definitions/M{at + 1}"}) for at in range(levels)}
    definitions[f"M{levels}"] = {"type": "object"}
    return {"$ref": "#/definitions/M0", "definitions": definitions}


@pytest.mark.parametrize(
    "part",
    [
        lambda to: {"allOf": [to, to]},
        lambda to: {"anyOf": [to, {"not": to}]},
        lambda to: {"oneOf": [to, to]},
        lambda to: {"dependencies": {"a": to, "b": to}},
        lambda to: {"allOf": [{"properties": {"a": to}}, {"properties": {"a": to}}]},
        lambda to: {"allOf": [{"items": to}, {"items": [to]}]},
        lambda to: {"properties": {"a": to}, "patternProperties": {"a": to}},
    ],
)
def test_references_that_multiply_are_refused(part: Any) -> None:
    with pytest.raises(InvalidConfiguration, match="multiply"):
        check_cost(chain(part), ("x",))


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$ref": "#"},
        {"$ref": "#/nowhere/3"},
        {"allOf": [{"$ref": "#"}, {"$ref": "#/allOf/0"}]},
        chain(lambda to: {"properties": {f"p{at}": to for at in range(50)}}),
        chain(lambda to: {"items": to}),
        chain(lambda to: {"allOf": [to]}),
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"items": [{"type": "string"}] * 500, "allOf": "none", "properties": [1], "$ref": 3},
    ],
)
def test_what_people_write_is_accepted(schema: dict[str, Any]) -> None:
    check_cost(schema, ("x",))
