"""The keywords of OpenAPI's schemas and what becomes of each in JSON Schema draft 4."""

from typing import Final

TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")

# Kept as they are, with the kind of value that they must have.
KEPT: Final = {
    "enum": "list",
    "multipleOf": "number",
    "maximum": "number",
    "minimum": "number",
    "maxLength": "count",
    "minLength": "count",
    "pattern": "text",
    "maxItems": "count",
    "minItems": "count",
    "uniqueItems": "flag",
    "maxProperties": "count",
    "minProperties": "count",
    "format": "text",
}
ONE_SCHEMA: Final = ("not", "additionalProperties", "additionalItems")
SCHEMA_LISTS: Final = ("allOf", "anyOf", "oneOf")
SCHEMA_MAPS: Final = ("properties", "patternProperties")

# Translated by a rule of their own.
TRANSLATED: Final = (
    "$ref", "type", "nullable", "required", "items", "exclusiveMaximum", "exclusiveMinimum",
    "const", "prefixItems", "contains", "if", "then", "else", "dependencies",
    "dependentRequired", "dependentSchemas",
)  # fmt: skip

# They say nothing about which values are right.
ANNOTATIONS: Final = (
    "title", "description", "default", "example", "examples", "deprecated", "readOnly",
    "writeOnly", "xml", "externalDocs", "discriminator", "$comment", "contentMediaType",
    "contentEncoding", "contentSchema", "$schema", "definitions", "$defs",
)  # fmt: skip

# They would have to be enforced and cannot be: draft 4 has nothing like them.
REFUSED: Final = (
    "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$recursiveRef", "id", "maxContains",
    "minContains", "propertyNames", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip

ALL: Final = (
    *KEPT, *ONE_SCHEMA, *SCHEMA_LISTS, *SCHEMA_MAPS, *TRANSLATED, *ANNOTATIONS, *REFUSED,
)  # fmt: skip
