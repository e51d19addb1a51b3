"""JSON as a policy demands it: every key once, no NaN, bounded depth."""

import json
from collections.abc import Callable, Mapping
from typing import Any

Path = tuple[str, ...]


class MalformedJson(ValueError):
    """A text is not acceptable JSON; `path` is where, `()` when that is not known."""

    def __init__(self, message: str, path: Path = ()) -> None:
        super().__init__(message)
        self.path = path


class _RepeatedKey(dict[str, Any]):
    """An object in which `key` stands more than once."""

    def __init__(self, pairs: list[tuple[str, Any]], key: str) -> None:
        super().__init__(pairs)
        self.key = key


def read_json(text: str) -> object:
    """Read JSON. Raises MalformedJson."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
        _refuse_repeated_keys(value, ())
    except json.JSONDecodeError as error:
        raise MalformedJson(
            f"Not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise MalformedJson("Nested too deeply.") from error
    except MalformedJson:
        raise
    except ValueError as error:
        raise MalformedJson(f"Not JSON: {error}.") from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return _RepeatedKey(pairs, repeated)


def _refuse_constant(text: str) -> object:
    raise MalformedJson(f"{text} is not JSON.")


def _refuse_repeated_keys(value: object, path: Path) -> None:
    if isinstance(value, _RepeatedKey):
        raise MalformedJson(
            f"The key {value.key!r} stands here more than once.", (*path, value.key)
        )
    if isinstance(value, dict):
        for key, inner in value.items():
            _refuse_repeated_keys(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_repeated_keys(inner, (*path, str(index)))


def write_compact(document: Mapping[str, Any], default: Callable[[Any], str] = str) -> str:
    """Write a document as it would be sent, without white space."""
    return json.dumps(document, separators=(",", ":"), default=default)
