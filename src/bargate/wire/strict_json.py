"""Decodes JSON without leaving anything open: one reading of a document, or none.

Refused: members given twice, NaN and Infinity, numbers no double holds, deep nesting, lone
surrogates, bytes that are not UTF-8. Everyone after this reads the same document.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from bargate.wire.error import AwsError

MAX_DEPTH = 100
MAX_NUMBER_CHARACTERS = 400
# Possessive, and a text need not end: one pass over the document whatever is in it.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def loads(body: bytes) -> Any:
    """Decode a JSON document; raises AwsError SerializationException."""
    try:
        text = body.decode("utf-8")
        _check_depth(text)
        value = _DECODER.decode(text)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise malformed("The request body is not valid JSON") from error
    return value


def malformed(message: str) -> AwsError:
    """Say that a body cannot be read."""
    return AwsError("SerializationException", message, 400)


def _check_depth(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        first = token[0][0]
        depth += 1 if first in "[{" else -1 if first in "]}" else 0
        if depth > MAX_DEPTH:
            raise malformed("The request body is nested too deeply")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise malformed("A member is given more than once")
    return found


def _float(text: str) -> float:
    value = float(text) if len(text) <= MAX_NUMBER_CHARACTERS else math.inf
    if math.isinf(value):
        raise malformed("A number is out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise malformed("A number is out of range")
    return int(text)


def _constant(name: str) -> NoReturn:
    raise malformed(f"{name} is not valid JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_float=_float,
    parse_int=_integer,
    parse_constant=_constant,
)
