"""The methods that texts, numbers, lists and maps have in templates."""

from collections.abc import Callable, Mapping
from typing import Any

from bargate.mapping.vtl.limits import MAX_REPLACED_CHARACTERS, Budget, TemplateFailure
from bargate.mapping.vtl.patterns import matches, replace, split
from bargate.mapping.vtl.values import TemplateList, equal, item_of, key_of, put_item, text_of

Method = Callable[..., Any]


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
    except (
        TypeError, ValueError, IndexError, AttributeError, KeyError, OverflowError,
    ) as error:  # fmt: skip
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
    before = value.get(key_of(key))
    value[key_of(key)] = item
    return before


def _put_all(budget: Budget, value: dict[Any, Any], other: dict[Any, Any]) -> None:
    budget.step(len(other))
    value.update({key_of(key): item for key, item in other.items()})


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
    "replaceAll": lambda budget, text, old, new: replace(budget, text, _text(old), _text(new), 0),
    "replaceFirst": lambda budget, text, old, new: replace(budget, text, _text(old), _text(new), 1),
    "split": lambda budget, text, pattern: split(budget, text, _text(pattern)),
    "matches": lambda budget, text, pattern: matches(budget, text, _text(pattern)),
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
    "getOrDefault": lambda _budget, value, key, other: value.get(key_of(key), other),
    "containsKey": lambda _budget, value, key: key_of(key) in value,
    "keySet": lambda _budget, value: TemplateList(value.keys()),
    "values": lambda _budget, value: TemplateList(value.values()),
    "entrySet": _entries,
    "put": _put,
    "putAll": _put_all,
    "remove": lambda _budget, value, key: value.pop(key_of(key), None),
    "getKey": lambda _budget, value: value.get("key"),
    "getValue": lambda _budget, value: value.get("value"),
}
