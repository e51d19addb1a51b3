"""Request models: OpenAPI schemas as draft 4, judged by a real validator."""

import json

import jsonschema_rs
import pytest

from bargate.openapi import InvalidDocument
from unit.openapi.documents import imported


def document(schema: object, version: str = "3.0.1", **schemas: object) -> str:
    return json.dumps(
        {
            "openapi": version,
            "info": {"title": "t"},
            "paths": {
                "/a": {
                    "post": {
                        "requestBody": {"content": {"application/json": {"schema": schema}}},
                        "x-amazon-apigateway-integration": {"type": "mock"},
                    }
                }
            },
            "components": {"schemas": schemas},
        }
    )


def takes(value: object, schema: object, version: str = "3.0.1", **schemas: object) -> bool:
    api = imported(document(schema, version, **schemas), file_name="a.json").api
    (name,) = api.resources[0].methods[0].request_models.values()
    (model,) = [model for model in api.models if model.name == name]
    return jsonschema_rs.Draft4Validator(json.loads(model.schema)).is_valid(value)


REF = {"$ref": "#/components/schemas/A"}


@pytest.mark.parametrize(
    ("schema", "version", "good", "bad"),
    [
        ({"type": "string"}, "3.0.1", "x", 5),
        ({"type": "string"}, "3.0.1", "x", None),
        ({"type": "string", "nullable": True}, "3.0.1", None, 5),
        ({"type": ["string", "null"]}, "3.1.0", None, 5),
        ({"type": "number", "minimum": 1, "exclusiveMinimum": True}, "3.0.1", 2, 1),
        ({"type": "number", "exclusiveMinimum": 1}, "3.1.0", 2, 1),
        ({"exclusiveMaximum": 1, "maximum": 5}, "3.1.0", 0, 1),
        ({"const": "x"}, "3.1.0", "x", "y"),
        ({"const": None}, "3.1.0", None, 0),
        ({"type": "object", "required": ["a"]}, "3.0.1", {"a": 1}, {}),
        ({"properties": {"a": {"type": "string"}}, "additionalProperties": False}, "3.0.1",
         {"a": "x"}, {"b": 1}),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "3.0.1",
         {"x": 1}, {"x": "y"}),
        ({"items": {"type": "integer"}, "minItems": 1, "uniqueItems": True}, "3.0.1", [1], [1, 1]),
        ({"prefixItems": [{"type": "string"}], "items": False}, "3.1.0", ["a"], ["a", 1]),
        ({"contains": {"const": 5}}, "3.1.0", [1, 5], [1]),
        ({"contains": {"const": 5}}, "3.1.0", "no array", []),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, "3.1.0", {"a": 1, "b": 1},
         {"a": 1}),
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, "3.1.0", {"a": 1}, {"c": 1}),
        ({"dependentRequired": {"a": ["b"]}}, "3.1.0", {"b": 1}, {"a": 1}),
        ({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
         "3.1.0", {"a": 1, "b": 1}, {"c": 1}),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "3.0.1", 1, 1.5),
        ({"not": {"type": "string"}}, "3.0.1", 1, "x"),
        ({"allOf": [{"required": ["a"]}], "const": {"a": 1}}, "3.1.0", {"a": 1}, {"a": 2}),
        ({"type": "string", "pattern": "^a+$", "maxLength": 3}, "3.0.1", "aa", "aaaa"),
        ({"properties": {"id": {"type": "string"}, "$ref": {"type": "string"}}}, "3.0.1",
         {"id": "x", "$ref": "y"}, {"$ref": 5}),
        ({"required": [], "type": "object"}, "3.0.1", {}, []),
    ],
)  # fmt: skip
def test_schemas_take_what_they_should(schema: object, version: str, good: object, bad: object):
    assert takes(good, schema, version)
    assert not takes(bad, schema, version)


def test_false_takes_nothing():
    assert not takes({}, False, "3.1.0")


def test_models_may_be_recursive():
    node = {"type": "object", "properties": {"next": REF, "n": {"type": "integer"}}}
    assert takes({"next": {"next": {"n": 1}}}, REF, A=node)
    assert not takes({"next": {"next": {"n": "x"}}}, REF, A=node)


def test_references_may_lead_anywhere_in_the_document():
    schemas = {"A": {"properties": {"x~y/z": {"type": "integer"}}}}
    inner = {"$ref": "#/components/schemas/A/properties/x~0y~1z"}
    assert takes(5, inner, **schemas)
    assert not takes("x", inner, **schemas)
    assert not takes("x", {"$ref": "#/components/schemas/A/properties/x%7E0y~1z"}, **schemas)


def test_names_with_slashes_and_tildes():
    schemas = {"a/b~c": {"type": "integer"}, "A": {"$ref": "#/components/schemas/a~1b~0c"}}
    assert takes(5, REF, **schemas)
    assert not takes("x", REF, **schemas)


def test_what_stands_beside_a_reference_holds_too():
    beside = {**REF, "maxLength": 2}
    assert takes("ab", beside, "3.1.0", A={"type": "string"})
    assert not takes("abc", beside, "3.1.0", A={"type": "string"})
    assert not takes(None, {**REF, "nullable": True}, A={"type": "string"})


def test_a_chain_of_references():
    chain = {f"C{n}": {"$ref": f"#/components/schemas/C{n + 1}"} for n in range(500)}
    assert not takes("x", {"$ref": "#/components/schemas/C0"}, **chain, C500={"type": "integer"})


@pytest.mark.parametrize(
    "schema",
    [
        REF,
        {"allOf": [REF]},
        {"anyOf": [{"type": "string"}, REF]},
        {"not": REF},
        {"oneOf": [{"allOf": [{"not": REF}]}]},
        {"if": REF, "then": {}},
        {"dependentSchemas": {"a": REF}},
    ],
)
def test_circles_that_no_value_ends_are_refused(schema: object):
    with pytest.raises(InvalidDocument, match="leads back to itself"):
        imported(document(REF, "3.1.0", A=schema))


def test_nested_conditions_do_not_double():
    schema: object = {"type": "string"}
    for _ in range(30):
        schema = {"if": schema, "then": {"minLength": 1}, "else": {"type": "integer"}}
    api = imported(document(schema, "3.1.0")).api
    assert len(api.models[0].schema) < 20_000


def test_models_that_unfold_too_far_are_refused():
    names = [f"S{n}" for n in range(250)]
    everything = {"properties": {n: {"$ref": f"#/components/schemas/{n}"} for n in names}}
    text = document({"type": "object"}, **dict.fromkeys(names, everything))
    spec = json.loads(text)
    assert len(names) ** 2 < 200_000
    operation = spec["paths"]["/a"]["post"]
    for name in names:
        body = {"content": {"a/b": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
        spec["paths"][f"/{name}"] = {"post": {**operation, "requestBody": body}}
    with pytest.raises(InvalidDocument, match="unfold"):
        imported(json.dumps(spec))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"unevaluatedProperties": False}, "cannot be enforced"),
        ({"$id": "x"}, "cannot be enforced"),
        ({"id": "http://x/"}, "cannot be enforced"),
        ({"$dynamicRef": "#x"}, "cannot be enforced"),
        ({"minContains": 2}, "cannot be enforced"),
        ({"type": "file"}, "is no type"),
        ({"type": []}, "names no type"),
        ({"type": 5}, "not text"),
        ({"allOf": []}, "lists no schema"),
        ({"allOf": {}}, "not a list"),
        ({"properties": []}, "not an object"),
        ({"properties": {"a": 5}}, "not an object"),
        ({"required": "a"}, "not a list"),
        ({"multipleOf": 0}, "is no number"),
        ({"minimum": "1"}, "is no number"),
        ({"maxLength": 1.5}, "not a whole number"),
        ({"uniqueItems": "yes"}, "not true or false"),
        ({"exclusiveMinimum": "1"}, "not true or false"),
        ({"$ref": "other.yaml#/A"}, "leaves this document"),
        ({"$ref": 5}, "not text"),
        ({"$ref": "#/nope"}, "leads nowhere"),
        ("x", "not an object"),
    ],
)
def test_schemas_that_cannot_be_enforced_are_refused(schema: object, message: str):
    with pytest.raises(InvalidDocument, match=message):
        imported(document(schema, "3.1.0"))


def test_a_misspelt_keyword_is_said():
    findings = imported(document({"requird": ["a"]})).findings
    assert any("did you mean required" in str(finding) for finding in findings)
