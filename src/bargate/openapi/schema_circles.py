"""Find schemas that a validator could follow for ever without reading a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_POINTER = "#/definitions/"


def names_in_place(schema: Any) -> set[str]:
    """Give the definitions that a draft-4 schema applies to the very value that it is given."""
    if not isinstance(schema, dict):
        return set()
    found: set[str] = set()
    if isinstance(reference := schema.get("$ref"), str):
        name = reference.removeprefix(_POINTER)
        found.add(name.replace("~1", "/").replace("~0", "~"))
    for part in _parts_in_place(schema):
        found |= names_in_place(part)
    return found


def circular(names: Mapping[str, set[str]]) -> list[str]:
    """Give the names that lie on a circle: what can be removed from its ends is not."""
    left = {name: set(reached) for name, reached in names.items()}
    while ends := [name for name, reached in left.items() if not reached & left.keys()]:
        for name in ends:
            del left[name]
    return sorted(name for name in left if _leads_back(name, left))


def _parts_in_place(schema: dict[str, Any]) -> Iterator[Any]:
    for key in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(key, ())
    yield schema.get("not")
    yield from schema.get("dependencies", {}).values()


def _leads_back(name: str, names: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    left = [name]
    while left:
        for reached in names.get(left.pop(), ()):
            if reached == name:
                return True
            if reached not in seen:
                seen.add(reached)
                left.append(reached)
    return False
