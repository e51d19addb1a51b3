"""Follow `$ref`s inside one document (RFC 6901 pointers); nothing outside it is ever read."""

from urllib.parse import unquote

from bargate.openapi.cursor import Cursor
from bargate.openapi.findings import shown
from bargate.openapi.source import Path

_INTEGRATIONS = "x-amazon-apigateway-integrations"
_SAID_BESIDE = {"$ref", "summary", "description"}


def follow(cursor: Cursor) -> Cursor | None:
    """Give the object that `cursor` stands on or refers to; None after recording an error."""
    seen: set[Path] = set()
    while cursor.has("$ref"):
        if cursor.path in seen:
            cursor.error("this $ref leads back to itself", "refer to an object that is written out")
            return None
        seen.add(cursor.path)
        _refuse_siblings(cursor)
        target = target_of(cursor)
        if target is None:
            return None
        cursor = target
    return cursor if cursor.is_object() else None


def target_of(cursor: Cursor) -> Cursor | None:
    """Give the place that the `$ref` at `cursor` names, without going on from there."""
    reference = cursor.text("$ref")
    if reference is None:
        return None
    if not reference.startswith("#/"):
        cursor.error(
            f"$ref {shown(reference)!r} leaves this document",
            "only references within the document (#/…) are read; put the object under components",
            "$ref",
        )
        return None
    return _resolve(cursor, reference)


def _resolve(cursor: Cursor, reference: str) -> Cursor | None:
    place: Cursor | None = cursor.root()
    for part in reference[2:].split("/"):
        place = place.at(unquote(part).replace("~1", "/").replace("~0", "~")) if place else None
    if place is None:
        cursor.error(
            f"$ref {shown(reference)!r} leads nowhere", "refer to an object that is there", "$ref"
        )
    elif _is_foreign(place.path):
        # INVARIANT: what is read was seen by extensions.check_extensions, which skips these.
        cursor.error(
            f"$ref {shown(reference)!r} leads into an extension",
            "put the object under components",
            "$ref",
        )
        return None
    return place


def _is_foreign(path: Path) -> bool:
    """Say whether a place lies within another tool's extension."""
    sections = path[1:2] if path[0] == "components" else path[:1]
    return any(name.lower().startswith("x-") and name != _INTEGRATIONS for name in sections)


def _refuse_siblings(cursor: Cursor) -> None:
    # A Reference Object has no other members; `required: true` beside it would be lost.
    for key, member in cursor.members():
        if key not in _SAID_BESIDE:
            member.error(
                f"{shown(key)!r} stands beside $ref, where it has no effect",
                "write it into the object that $ref names",
            )
