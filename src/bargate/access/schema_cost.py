"""How often a schema may make a validator look at one and the same value.

`allOf` of two references, each to an `allOf` of two references …: forty lines that are checked
2**40 times. The validator cannot be interrupted, so such a schema is refused when it is compiled.

    visits(schema) = 1 + sum of what looks at the same value ($ref, allOf, anyOf, oneOf, not, …)
                       + the most that looks at any one member or element of it

A reference back to where one came from counts once: the validator remembers those.
"""

from __future__ import annotations

from typing import Any, Final

from bargate.model.invalid import InvalidConfiguration

MAX_VISITS: Final = 10_000
_BRANCHES: Final = ("allOf", "anyOf", "oneOf")
_ALTERNATIVES: Final = ("properties", "items")
_BESIDE: Final = ("additionalProperties", "additionalItems", "not")


def check_cost(schema: Any, path: tuple[str, ...]) -> None:
    """Refuse a schema of too many visits; raises InvalidConfiguration at `path`."""
    if _Count(schema).visits(schema) > MAX_VISITS:
        message = f"its references multiply to over {MAX_VISITS} checks of one value"
        raise InvalidConfiguration(path, message)


class _Count:
    """Counts the visits of one schema document, each part of it once."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[int, int] = {}
        self._under_way: set[int] = set()

    def visits(self, schema: Any) -> int:
        """Give the visits of a part; one that is no schema has none."""
        if not isinstance(schema, dict):
            return 0
        key = id(schema)
        if key in self._under_way:
            return 1
        if key not in self._known:
            self._under_way.add(key)
            self._known[key] = min(self._count(schema), MAX_VISITS + 1)
            self._under_way.discard(key)
        return self._known[key]

    def _count(self, schema: dict[str, Any]) -> int:
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return 1 + self.visits(self._target(reference))
        same = [each for name in _BRANCHES for each in _parts(schema.get(name))]
        same += [schema.get(name) for name in _BESIDE]
        same += _parts(schema.get("dependencies")) + _parts(schema.get("patternProperties"))
        alternatives = [
            self.visits(each) for name in _ALTERNATIVES for each in _parts(schema.get(name))
        ]
        items = self.visits(schema.get("items"))
        return 1 + sum(map(self.visits, same)) + max((items, *alternatives), default=0)

    def _target(self, reference: str) -> Any:
        found = self._root
        for name in reference.partition("#")[2].split("/")[1:]:
            name = name.replace("~1", "/").replace("~0", "~")  # noqa: PLW2901  RFC 6901 §4
            if isinstance(found, dict):
                found = found.get(name)
            elif isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
