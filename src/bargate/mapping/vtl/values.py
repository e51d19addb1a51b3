"""Values of templates: how they print, compare and calculate.

Java's ways where templates count on them: maps print `{a=1, b=2}`, JSON arrays print as JSON [R],
anything but null and false is true, `+` joins texts, integers are 64 bits.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from bargate.mapping.vtl.limits import MAX_INTEGER, Budget, TemplateFailure


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
    try:
        result = _ARITHMETIC[operator](left, right)
    except (OverflowError, ValueError) as error:
        raise TemplateFailure("a number is too large to calculate with") from error
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


def key_of(index: Any) -> str:
    """Give a map key as text; lists and maps are no keys."""
    if isinstance(index, list | dict):
        raise TemplateFailure("a map key must be a text or number")
    return index if isinstance(index, str) else _scalar(index)


def item_of(value: Any, index: Any) -> Any:
    """Give `value[index]`; null where there is none."""
    if isinstance(value, dict):
        return value.get(key_of(index))
    if isinstance(value, list | range) and isinstance(index, int) and not isinstance(index, bool):
        return value[index] if -len(value) <= index < len(value) else None
    return None


def put_item(value: Any, index: Any, item: Any) -> None:
    """Set `value[index]`. Raises TemplateFailure where that cannot be."""
    if isinstance(value, dict):
        value[key_of(index)] = item
        return
    fits = isinstance(value, list) and isinstance(index, int) and not isinstance(index, bool)
    if not fits or not -len(value) <= index < len(value):
        raise TemplateFailure("only members of maps and items of lists can be set")
    value[index] = item
