"""JSON objects, strictly: one meaning, bounded depth, no numbers outside IEEE 754."""

import json
import math
from typing import Any

MAX_DEPTH = 16


class MalformedJson(ValueError):
    """The text is not one strict JSON object; the message never quotes it."""


def parse_object(text: bytes) -> dict[str, Any]:
    """Parse a JSON object (RFC 8259) of which each member has one name and each name one value.

    Refused with `MalformedJson`: duplicate names (readers disagree on which one counts), NaN and
    infinities, numbers that overflow to one, invalid UTF-8, a byte order mark, lone surrogates,
    more than `MAX_DEPTH` levels. The size is the caller's to bound.
    """
    try:
        value = _DECODER.decode(text.decode("utf-8"))
    except MalformedJson:
        raise
    except (ValueError, RecursionError) as error:
        # `from None`: the decoder's error carries the document, which must not reach a log.
        raise MalformedJson(f"not JSON ({type(error).__name__})") from None
    if not isinstance(value, dict):
        raise MalformedJson("not a JSON object")
    _check_depth(text, value)
    _check_surrogates(text, value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedJson("a member name occurs twice")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise MalformedJson("a number is out of range")
    return number


def _no_constant(_name: str) -> None:
    raise MalformedJson("NaN and Infinity are not JSON")


def _check_depth(text: bytes, value: Any) -> None:
    if text.count(b"[") + text.count(b"{") <= MAX_DEPTH:
        return  # cannot be deeper than it has brackets
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise MalformedJson(f"nested deeper than {MAX_DEPTH} levels")


def _children(parent: Any) -> list[Any]:
    members = parent.values() if isinstance(parent, dict) else parent
    return [member for member in members if isinstance(member, (dict, list))]


def _check_surrogates(text: bytes, value: Any) -> None:
    if b"\\u" not in text:
        return  # strict UTF-8 holds no surrogates; only escapes can
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedJson("a string holds a lone surrogate") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_constant
)
