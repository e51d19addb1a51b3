"""Models as the named schemas of a document: the definitions inside them become named ones too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bargate.openapi.source import MAX_SIZE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.model.rest_api import Model

_INNER: Final = "#/definitions/"
# Their values are data, whatever is in them.
_DATA: Final = frozenset({"enum", "default", "example", "examples", "const"})
_NAMED: Final = frozenset({"properties", "patternProperties", "dependencies"})
_TWO: Final = 2
_MAX_CHARACTERS: Final = 4 * MAX_SIZE_BYTES


class TooLarge(ValueError):
    """The schemas of an API unfold to more than can be written."""


class SchemaWriter:
    """Collects named schemas; `root` is where they stand, e.g. `#/components/schemas/`."""

    def __init__(self, root: str, models: Iterable[Model], *, has_nullable: bool) -> None:
        self._root = root
        self._has_nullable = has_nullable
        self._models = {model.name: model for model in models}
        self._written: dict[str, str] = {}
        self._characters = 0
        for model in self._models.values():
            self._write_model(model)

    def reference(self, name: str) -> dict[str, str]:
        """Refer to a model; one that is not known becomes an object of which nothing is said."""
        if name not in self._written:
            self._written[name] = '{"type": "object"}'
        return {"$ref": self._root + _escaped(name)}

    def schemas(self) -> dict[str, Any]:
        """Give all schemas by their names."""
        return {name: json.loads(text) for name, text in sorted(self._written.items())}

    def _write_model(self, model: Model) -> None:
        schema = json.loads(model.schema)
        inner = schema.pop("definitions", {})
        schema.pop("$schema", None)
        names = {key: self._name_of(model.name, key, each) for key, each in inner.items()}
        for key, each in inner.items():
            self._keep(names[key], self._rewritten(each, names[key], names))
        only = schema.get("allOf")
        if set(schema) == {"allOf"} and isinstance(only, list) and len(only) == 1 and inner:
            # How a model that is nothing but a reference is kept beside its definitions.
            schema = only[0] if set(only[0]) == {"$ref"} else schema
        self._keep(model.name, self._rewritten(schema, model.name, names))

    def _name_of(self, model: str, key: str, schema: Any) -> str:
        """Name an inner definition: a model of the API under its own name, others apart."""
        own = key.removeprefix("model:")
        known = self._models.get(own)
        if known is None or key != own or _is_same(json.loads(known.schema), schema):
            free = own not in self._written or known is not None
            if free:
                return own
        return f"{model}_{own}"

    def _keep(self, name: str, schema: Any) -> None:
        text = json.dumps(schema, ensure_ascii=False)
        self._characters += len(text)
        if self._characters > _MAX_CHARACTERS:
            raise TooLarge
        self._written[name] = text

    def _rewritten(self, value: Any, name: str, names: Mapping[str, str]) -> Any:
        """Give a schema whose references lead to where everything stands in the document."""
        if isinstance(value, list):
            return [self._rewritten(each, name, names) for each in value]
        if not isinstance(value, dict):
            return value
        written = {key: self._member(key, each, name, names) for key, each in value.items()}
        return self._with_nullable(written)

    def _member(self, key: str, value: Any, name: str, names: Mapping[str, str]) -> Any:
        if key == "$ref" and isinstance(value, str):
            return self._reference_of(value, name, names)
        if key in _DATA:
            return value
        if key in _NAMED and isinstance(value, dict):
            return {each: self._rewritten(inner, name, names) for each, inner in value.items()}
        return self._rewritten(value, name, names)

    def _reference_of(self, reference: str, name: str, names: Mapping[str, str]) -> str:
        if reference.startswith(_INNER):
            key, slash, below = reference.removeprefix(_INNER).partition("/")
            key = key.replace("~1", "/").replace("~0", "~")
            return self._root + _escaped(names.get(key, key)) + slash + below
        return self._root + _escaped(name) + reference.removeprefix("#")

    def _with_nullable(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Write `type: [X, null]` as OpenAPI 3.0 does: `type: X` and `nullable`."""
        types = schema.get("type")
        if self._has_nullable and isinstance(types, list) and "null" in types:
            others = [each for each in types if each != "null"]
            if len(types) == _TWO and len(others) == 1:
                return schema | {"type": others[0], "nullable": True}
        return schema


def _is_same(model: Any, inner: Any) -> bool:
    """Tell whether an inner definition says what the model of its name says."""
    apart = {"definitions", "$schema"}
    if not isinstance(model, dict) or not isinstance(inner, dict):
        return bool(model == inner)
    return {key: each for key, each in model.items() if key not in apart} == inner


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
