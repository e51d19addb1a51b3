"""The models of an API: named JSON Schemas, each complete in itself.

    schema ──translate──► draft 4 with #/definitions/NAME ──► pending targets, translated in turn
    model of a request = its own schema + the definitions that it reaches

Schemas may refer to each other in circles: each is translated once, as a definition.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.model.rest_api import Model
from bargate.openapi.refs import target_of
from bargate.openapi.schema_circles import circular, names_in_place
from bargate.openapi.schema_translation import translate

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor
    from bargate.openapi.reading import Reading
    from bargate.openapi.source import Path

_DRAFT_4 = "http://json-schema.org/draft-04/schema#"
_MAX_CHARACTERS = 32 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9]+\Z")


class _Definition(Struct):
    """A translated schema as JSON text, and the definitions that it names."""

    text: str
    refers_to: set[str]


class _Links:
    """Remembers which definitions one schema names."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.names: set[str] = set()

    def of_reference(self, reference: Cursor) -> str | None:
        target = target_of(reference)
        return None if target is None else self.of_place(target)

    def of_place(self, place: Cursor) -> str:
        name = self._schemas.name_place(place)
        self.names.add(name)
        return name


class Schemas:
    """Translates the document's schemas and keeps the models that requests use."""

    def __init__(self, reading: Reading) -> None:
        self._root: Path = (
            ("definitions",) if reading.dialect == "2.0" else ("components", "schemas")
        )
        self._reading = reading
        self._definitions: dict[str, _Definition] = {}
        self._inner: dict[str, set[str]] = {}
        self._names: dict[Path, str] = {}
        self._pending: list[tuple[str, Cursor]] = []
        self._models: dict[str, Model] = {}
        self._characters = 0
        named = reading.components("schemas")
        for name, schema in named.members() if named else ():
            self._names[schema.path] = name
            self._pending.append((name, schema))
        self._settle()

    def models(self) -> tuple[Model, ...]:
        """Give the models used so far; those that no request uses decide nothing."""
        return tuple(self._models.values())

    def name_of(self, schema: Cursor | None) -> str | None:
        """Give the name of the named schema that `schema` refers to, if it does nothing else."""
        if schema is None or not schema.has("$ref"):
            return None
        target = target_of(schema)
        is_named = target is not None and target.path[:-1] == self._root
        return target.path[-1] if target is not None and is_named else None

    def use(self, schema: Cursor) -> str | None:
        """Make sure that `schema` is a model and give its name."""
        beside = [key for key, _ in schema.members() if key != "$ref"]
        name = self.name_of(schema) if not beside else None
        if name is None:
            name = self._inline(schema)
        elif not _NAME.match(name):
            schema.warn(f"AWS takes only letters and digits in the name {name!r}", "rename it")
        if name in self._definitions and name not in self._models:
            self._add_model(name, schema)
        return name

    def use_all(self) -> None:
        """Make every named schema a model too, as far as there is room; none of these decides."""
        for path, name in self._names.items():
            is_named = path[:-1] == self._root and name not in self._models
            if is_named and self._size_of(name) + self._characters <= _MAX_CHARACTERS:
                self._add(name)

    def _size_of(self, name: str) -> int:
        return sum(len(self._definitions[each].text) for each in (name, *self._reached(name)))

    def _inline(self, schema: Cursor) -> str:
        digest = hashlib.sha256("\x00".join(schema.path).encode()).hexdigest()
        name = self._names.setdefault(schema.path, f"MODEL{digest[:12]}")
        if name not in self._definitions:
            self._pending.append((name, schema))
            self._settle()
        return name

    def _settle(self) -> None:
        """Translate what is pending, and what that refers to, until nothing is left."""
        while self._pending:
            name, schema = self._pending.pop()
            links = _Links(self)
            body = translate(schema, links)
            self._definitions[name] = _Definition(_compact(body), links.names)
            self._inner[name] = names_in_place(body)

    def check_circles(self) -> None:
        """Refuse schemas that lead back to themselves without looking at a part of the value."""
        for name in circular(self._inner):
            place = next(path for path, known in self._names.items() if known == name)
            self._reading.root.error(
                "this schema leads back to itself without saying anything",
                "let it refer to itself only below properties or items",
                *place,
            )

    def name_place(self, place: Cursor) -> str:
        """Give the name of the definition for the schema at `place`, translating it in time."""
        name = self._names.get(place.path)
        if name is None:
            digest = hashlib.sha256("\x00".join(place.path).encode()).hexdigest()
            name = self._names[place.path] = f"{place.path[-1]}_{digest[:12]}"
            self._pending.append((name, place))
        return name

    def _add_model(self, name: str, schema: Cursor) -> None:
        if self._characters + self._size_of(name) > _MAX_CHARACTERS:
            schema.error(
                f"the models of requests unfold to more than {_MAX_CHARACTERS:,} characters",
                "let schemas refer to fewer others",
            )
            return
        self._add(name)

    def _add(self, name: str) -> None:
        self._characters += self._size_of(name)
        text = _assembled(self._definitions, name, self._reached(name))
        self._models[name] = Model(name=name, schema=text)

    def _reached(self, name: str) -> list[str]:
        reached: set[str] = set()
        left = [name]
        while left:
            for target in self._definitions[left.pop()].refers_to - reached:
                reached.add(target)
                left.append(target)
        return sorted(reached)


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _assembled(definitions: dict[str, _Definition], name: str, reached: list[str]) -> str:
    """Write the schema and its definitions as one JSON text."""
    body = definitions[name].text
    if body.startswith('{"$ref"'):
        body = f'{{"allOf":[{body}]}}'  # draft 4 reads nothing beside $ref
    parts = [f'"$schema":"{_DRAFT_4}"']
    if body != "{}":
        parts.append(body[1:-1])
    if reached:
        listed = ",".join(f"{_compact(each)}:{definitions[each].text}" for each in reached)
        parts.append(f'"definitions":{{{listed}}}')
    return "{" + ",".join(parts) + "}"
