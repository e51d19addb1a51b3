"""Values of templates: how they print, compare and calculate, and the methods they have.

Java's ways where templates count on them: maps print `{a=1, b=2}`, JSON arrays print as JSON [R],
anything but null and false is true, `+` joins texts, integers are 64 bits.
"""

import json
import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from bargate.mapping.vtl.limits import (
    MAX_INTEGER,
    MAX_PATTERN_CHARACTERS,
    MAX_PATTERN_TIME_S,
    MAX_RANGE,
    MAX_REPLACED_CHARACTERS,
    Budget,
    TemplateFailure,
)

Method = Callable[..., Any]


class TemplateList(list[Any]):
    """A list a template made; it prints `[a, b]`, where one out of JSON prints as JSON."""

    __slots__ = ()


def text_of(value: Any, budget: Budget) -> str:
    """Print a value; every part of it takes a step, also where a part stands in it many times."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        pieces: list[str] = []
        try:
            _print(value, pieces, budget, as_json=False)
        except RecursionError as error:
            raise TemplateFailure("a value nests too deep to print") from error
        return "".join(pieces)
    return _scalar(value)


def json_of(value: Any, budget: Budget) -> str:
    """Write a value as JSON, bounded as `text_of` is."""
    pieces: list[str] = []
    try:
        _print(value, pieces, budget, as_json=True)
    except RecursionError as error:
        raise TemplateFailure("a value nests too deep to print") from error
    return "".join(pieces)


def copied(value: Any, budget: Budget) -> Any:
    """Copy lists and maps, so that a template cannot change what it came from."""
    if isinstance(value, dict):
        budget.step(1 + len(value) // 4)
        return {key: copied(item, budget) for key, item in value.items()}
    if isinstance(value, list):
        budget.step(1 + len(value) // 4)
        return [copied(item, budget) for item in value]
    return value


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    # Objects such as `$input` print nothing; their Python names are nobody's business.
    return repr(value) if isinstance(value, int | float) else ""


def _print(value: Any, pieces: list[str], budget: Budget, *, as_json: bool) -> None:
    budget.step()
    if isinstance(value, str):
        budget.touch(value)
        pieces.append(json.dumps(value, ensure_ascii=False) if as_json else value)
    elif isinstance(value, dict):
        _print_map(value, pieces, budget, as_json=as_json)
    elif isinstance(value, list):
        as_json = as_json or not isinstance(value, TemplateList)
        pieces.append("[")
        for at, item in enumerate(value):
            pieces.append(("," if as_json else ", ") if at else "")
            _print(item, pieces, budget, as_json=as_json)
        pieces.append("]")
    else:
        pieces.append(_scalar(value))


def _print_map(value: dict[Any, Any], pieces: list[str], budget: Budget, *, as_json: bool) -> None:
    separator, joint = (",", ":") if as_json else (", ", "=")
    pieces.append("{")
    for at, (key, item) in enumerate(value.items()):
        name = key if isinstance(key, str) else _scalar(key)
        budget.touch(name)
        pieces.append(separator if at else "")
        pieces.append(json.dumps(name, ensure_ascii=False) if as_json else name)
        pieces.append(joint)
        _print(item, pieces, budget, as_json=as_json)
    pieces.append("}")


def is_true(value: Any) -> bool:
    """Say whether a condition holds: null and false do not (AWS [D] Velocity 1.7)."""
    return value is not None and value is not False


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """Compare as `==` does: numbers by value, texts, others by their text."""
    if left is None or right is None:
        return left is right
    if _is_number(left) and _is_number(right):
        return bool(left == right)
    if isinstance(left, str) and isinstance(right, str):
        budget.touch(left)
        return left == right
    return text_of(left, budget) == text_of(right, budget)


def calculate(operator: str, left: Any, right: Any, budget: Budget) -> Any:
    """Apply an arithmetic operator; null where the operands do not fit, as Velocity does."""
    if operator == "+" and (isinstance(left, str) or isinstance(right, str)):
        joined = text_of(left, budget) + text_of(right, budget)
        budget.touch(joined)
        budget.write(joined)
        return joined
    if not (_is_number(left) and _is_number(right)):
        return None
    result = _ARITHMETIC[operator](left, right)
    if isinstance(result, int) and abs(result) > MAX_INTEGER:
        raise TemplateFailure("an integer is larger than 64 bits")
    return result


def compare(operator: str, left: Any, right: Any) -> bool:
    """Apply an ordering operator; false where the operands do not fit."""
    if not (_is_number(left) and _is_number(right)) and not (
        isinstance(left, str) and isinstance(right, str)
    ):
        return False
    return _ORDERINGS[operator](left, right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _divide(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) is (right < 0) else -quotient
    return left / right


def _remainder(left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if isinstance(left, int) and isinstance(right, int):
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    return math.fmod(left, right)


_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": _divide,
    "%": _remainder,
}
_ORDERINGS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}


def _key(index: Any) -> str:
    """Give a map key as text; lists and maps are no keys."""
    if isinstance(index, list | dict):
        raise TemplateFailure("a map key must be a text or number")
    return index if isinstance(index, str) else _scalar(index)


def item_of(value: Any, index: Any) -> Any:
    """Give `value[index]`; null where there is none."""
    if isinstance(value, dict):
        return value.get(_key(index))
    if isinstance(value, list | range) and isinstance(index, int) and not isinstance(index, bool):
        return value[index] if -len(value) <= index < len(value) else None
    return None


def put_item(value: Any, index: Any, item: Any) -> None:
    """Set `value[index]`. Raises TemplateFailure where that cannot be."""
    if isinstance(value, dict):
        value[_key(index)] = item
        return
    fits = isinstance(value, list) and isinstance(index, int) and not isinstance(index, bool)
    if not fits or not -len(value) <= index < len(value):
        raise TemplateFailure("only members of maps and items of lists can be set")
    value[index] = item


def call_method(value: Any, name: str, arguments: list[Any], budget: Budget) -> Any:
    """Call a method of a text, number, list or map; null for methods that are not listed.

    Raises TemplateFailure when the arguments do not fit.
    """
    method = _methods_of(value).get(name)
    if method is None:
        return None
    if isinstance(value, str | list | dict):
        budget.touch(value)
    try:
        result = method(budget, value, *arguments)
    except (TypeError, ValueError, IndexError, AttributeError, KeyError) as error:
        raise TemplateFailure(f"the arguments of {name}() do not fit") from error
    if isinstance(result, str):
        budget.write(result)
    elif isinstance(result, TemplateList):
        budget.step(len(result))
    return result


def _methods_of(value: Any) -> Mapping[str, Method]:
    if isinstance(value, str):
        return _TEXT_METHODS
    if isinstance(value, dict):
        return _MAP_METHODS
    if isinstance(value, list):
        return _LIST_METHODS
    return _COMMON_METHODS


def _pattern(pattern: str) -> Any:
    import regex  # noqa: PLC0415 - only templates that match need it

    if len(pattern) > MAX_PATTERN_CHARACTERS:
        raise TemplateFailure(f"a pattern is longer than {MAX_PATTERN_CHARACTERS} characters")
    try:
        return regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError) as error:
        raise TemplateFailure(f"cannot read the pattern: {error}") from error


def _within_time(search: Callable[[float], Any], budget: Budget) -> Any:
    """Search with the time that is left for all patterns of the render."""
    started = perf_counter()
    try:
        found = search(max(budget.pattern_time_s, 0.001))
    except TimeoutError as error:
        raise TemplateFailure(
            f"patterns take longer than {MAX_PATTERN_TIME_S} s to match"
        ) from error
    budget.pattern_time_s -= perf_counter() - started
    if budget.pattern_time_s < 0:
        raise TemplateFailure(f"patterns take longer than {MAX_PATTERN_TIME_S} s to match")
    return found


def _replace(budget: Budget, text: str, pattern: str, replacement: str, count: int) -> str:
    """Replace matches; `$1` in the replacement stands for a group, as in Java."""
    compiled = _pattern(pattern)
    pieces = _replacement_pieces(replacement)

    def substitute(match: Any) -> str:
        return "".join(p if isinstance(p, str) else match.group(p) or "" for p in pieces)

    if len(text) * max(1, len(replacement)) > MAX_REPLACED_CHARACTERS:
        raise TemplateFailure("a replacement would be too long")
    return str(
        _within_time(
            lambda timeout: compiled.sub(substitute, text, count=count, timeout=timeout), budget
        )
    )


def _replacement_pieces(replacement: str) -> list[str | int]:
    pieces: list[str | int] = []
    at = 0
    while at < len(replacement):
        character = replacement[at]
        following = replacement[at + 1 : at + 2]
        if character == "\\" and following:
            pieces.append(following)
            at += 2
        elif character == "$" and following.isdigit():
            pieces.append(int(following))
            at += 2
        else:
            pieces.append(character)
            at += 1
    return pieces


def _split(budget: Budget, text: str, pattern: str) -> TemplateList:
    compiled = _pattern(pattern)
    parts = _within_time(
        lambda timeout: compiled.split(text, maxsplit=MAX_RANGE, timeout=timeout), budget
    )
    while parts and not parts[-1]:
        parts.pop()  # Java leaves trailing empty parts out
    return TemplateList(part or "" for part in parts)


def _matches(budget: Budget, text: str, pattern: str) -> bool:
    compiled = _pattern(pattern)
    found = _within_time(lambda timeout: compiled.fullmatch(text, timeout=timeout), budget)
    return found is not None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _plain_replace(text: str, old: Any, new: Any) -> str:
    old, new = _text(old), _text(new)
    if len(text) + text.count(old) * max(0, len(new) - len(old)) > MAX_REPLACED_CHARACTERS:
        raise TemplateFailure("a replacement would be too long")
    return text.replace(old, new)


def _substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    if not 0 <= start <= stop <= len(text):
        raise ValueError("outside the text")
    return text[start:stop]


def _entries(_budget: Budget, value: dict[Any, Any]) -> TemplateList:
    return TemplateList({"key": key, "value": item} for key, item in value.items())


def _put(budget: Budget, value: dict[Any, Any], key: Any, item: Any) -> Any:
    budget.step()
    before = value.get(_key(key))
    value[_key(key)] = item
    return before


def _put_all(budget: Budget, value: dict[Any, Any], other: dict[Any, Any]) -> None:
    budget.step(len(other))
    value.update({_key(key): item for key, item in other.items()})


def _add(budget: Budget, value: list[Any], item: Any) -> bool:
    budget.step()
    value.append(item)
    return True


def _add_all(budget: Budget, value: list[Any], items: list[Any]) -> bool:
    budget.step(len(items))
    value.extend([*items])
    return True


def _set(_budget: Budget, value: list[Any], index: int, item: Any) -> Any:
    before = item_of(value, index)
    put_item(value, index, item)
    return before


def _contains(budget: Budget, value: list[Any], item: Any) -> bool:
    budget.step(len(value))
    return any(equal(one, item, budget) for one in value)


def _index_of(budget: Budget, value: list[Any], item: Any) -> int:
    budget.step(len(value))
    return next((at for at, one in enumerate(value) if equal(one, item, budget)), -1)


def _concat(budget: Budget, text: str, other: Any) -> str:
    budget.touch(_text(other))
    return text + _text(other)


def _to_text(budget: Budget, value: Any) -> str:
    return text_of(value, budget)


def _equals(budget: Budget, value: Any, other: Any) -> bool:
    return equal(value, other, budget)


_COMMON_METHODS: Mapping[str, Method] = {
    "toString": _to_text,
    "equals": _equals,
    "intValue": lambda _budget, value: int(value),
    "longValue": lambda _budget, value: int(value),
    "doubleValue": lambda _budget, value: float(value),
}
_TEXT_METHODS: Mapping[str, Method] = {
    "toString": _to_text,
    "equals": _equals,
    "equalsIgnoreCase": lambda _budget, text, other: text.lower() == _text(other).lower(),
    "length": lambda _budget, text: len(text),
    "isEmpty": lambda _budget, text: not text,
    "contains": lambda _budget, text, part: _text(part) in text,
    "startsWith": lambda _budget, text, part: text.startswith(_text(part)),
    "endsWith": lambda _budget, text, part: text.endswith(_text(part)),
    "indexOf": lambda _budget, text, part: text.find(_text(part)),
    "lastIndexOf": lambda _budget, text, part: text.rfind(_text(part)),
    "charAt": lambda _budget, text, at: _substring(text, at, at + 1),
    "substring": lambda _budget, text, *bounds: _substring(text, *bounds),
    "concat": _concat,
    "trim": lambda _budget, text: text.strip(),
    "toLowerCase": lambda _budget, text: text.lower(),
    "toUpperCase": lambda _budget, text: text.upper(),
    "replace": lambda _budget, text, old, new: _plain_replace(text, old, new),
    "replaceAll": lambda budget, text, old, new: _replace(budget, text, _text(old), _text(new), 0),
    "replaceFirst": lambda budget, text, old, new: _replace(
        budget, text, _text(old), _text(new), 1
    ),
    "split": lambda budget, text, pattern: _split(budget, text, _text(pattern)),
    "matches": lambda budget, text, pattern: _matches(budget, text, _text(pattern)),
}
_LIST_METHODS: Mapping[str, Method] = {
    "toString": _to_text,
    "equals": _equals,
    "size": lambda _budget, value: len(value),
    "isEmpty": lambda _budget, value: not value,
    "get": lambda _budget, value, index: item_of(value, index),
    "contains": _contains,
    "indexOf": _index_of,
    "add": _add,
    "addAll": _add_all,
    "set": _set,
    "remove": lambda _budget, value, index: value.pop(index),
}
_MAP_METHODS: Mapping[str, Method] = {
    "toString": _to_text,
    "equals": _equals,
    "size": lambda _budget, value: len(value),
    "isEmpty": lambda _budget, value: not value,
    "get": lambda _budget, value, key: item_of(value, key),
    "getOrDefault": lambda _budget, value, key, other: value.get(_key(key), other),
    "containsKey": lambda _budget, value, key: _key(key) in value,
    "keySet": lambda _budget, value: TemplateList(value.keys()),
    "values": lambda _budget, value: TemplateList(value.values()),
    "entrySet": _entries,
    "put": _put,
    "putAll": _put_all,
    "remove": lambda _budget, value, key: value.pop(_key(key), None),
    "getKey": lambda _budget, value: value.get("key"),
    "getValue": lambda _budget, value: value.get("value"),
}
