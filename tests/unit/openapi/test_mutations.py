"""Spoil good documents at random: they are imported or refused, never anything else."""

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bargate.openapi import InvalidDocument, read_document
from bargate.openapi.source import value_of
from unit.openapi.documents import HTTP, REST, imported
from unit.openapi.test_importing import SWAGGER

DOCUMENTS = {
    name: value_of(read_document(text, file_name="a").root)
    for name, text in (("rest", REST), ("http", HTTP), ("swagger", SWAGGER))
}
VALUES: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", "x", "#/paths", "$", "{", "/", [], [[]], [None], ["a"], {},
    {"$ref": "#/components"}, {"$ref": "#/paths/~1pets"}, {"$ref": "#"}, {"": None}, {"type": "jwt"},
    {"a": {"b": []}},
]  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys: list[Any] = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    found = [(*path, key) for key in keys]
    return found + [deeper for key in keys for deeper in places(value[key], (*path, key))]


PLACES = {name: places(document) for name, document in DOCUMENTS.items()}


def mutate(document: Any, path: tuple[Any, ...], data: st.DataObject) -> None:
    for key in path[:-1]:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return
    try:
        value = document[path[-1]]
    except (KeyError, IndexError, TypeError):
        return
    if not isinstance(document, dict | list):
        return
    kind = data.draw(st.sampled_from(["delete", "replace", "rename"]))
    if kind == "replace":
        document[path[-1]] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
        return
    del document[path[-1]]
    if kind == "rename" and isinstance(document, dict):
        document[str(path[-1])[:-1]] = value


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_spoiled_documents_are_imported_or_refused(name: str, data: st.DataObject):
    document = copy.deepcopy(DOCUMENTS[name])
    for path in data.draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=3)):
        mutate(document, path, data)
    for kind in (None, "REST", "HTTP"):
        with contextlib.suppress(InvalidDocument):
            imported(json.dumps(document), kind, "a.json")  # type: ignore[arg-type]
