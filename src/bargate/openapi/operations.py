"""The operations of a document: which verb of which path, and where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.nearest import did_you_mean
from bargate.openapi.extensions import PREFIX
from bargate.openapi.findings import shown
from bargate.openapi.refs import follow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.openapi.cursor import Cursor

VERBS = {
    **{verb: verb.upper() for verb in ("get", "put", "post", "delete", "options", "head", "patch")},
    PREFIX + "any-method": "ANY",
}
_ITEM_MEMBERS = ("parameters", "summary", "description", "servers", "$ref")
_OPERATION_MEMBERS = {
    "tags", "summary", "description", "externalDocs", "operationId", "parameters", "requestBody",
    "responses", "callbacks", "deprecated", "security", "servers", "consumes", "produces",
    "schemes",
}  # fmt: skip


class Operation(Struct, frozen=True, eq=False):
    """One verb (`ANY` for every verb) of one path; `item` holds what all verbs share."""

    path: str
    verb: str
    cursor: Cursor
    item: Cursor


class PathItem(Struct, frozen=True, eq=False):
    """One path with its operations; `cursor` is its place under `paths`."""

    path: str
    cursor: Cursor
    operations: tuple[Operation, ...]


def path_items(root: Cursor) -> Iterator[PathItem]:
    """Go through the paths of a document; what is no path is an error."""
    paths = root.at("paths")
    for path, place in paths.members() if paths else ():
        if path.startswith("x-"):
            continue
        if not path.startswith("/"):
            place.error(f"{shown(path)!r} is no path", f"write /{shown(path)}")
            continue
        item = follow(place)
        if item is not None:
            yield PathItem(path, place, tuple(_operations(path, item)))


def _operations(path: str, item: Cursor) -> Iterator[Operation]:
    for key, member in item.members():
        verb = VERBS.get(key)
        if verb is not None:
            if member.is_object():
                member.refuse_unknown(_OPERATION_MEMBERS, extensible=True)
                yield Operation(path, verb, member, item)
        elif key == "trace":
            member.error("API Gateway has no TRACE methods", "remove it")
        elif key not in _ITEM_MEMBERS and not key.startswith("x-"):
            known = (*VERBS, *_ITEM_MEMBERS)
            remedy = did_you_mean(key, known, f"write one of {', '.join(sorted(VERBS))}")
            member.error(f"{shown(key)!r} is no verb", remedy)
