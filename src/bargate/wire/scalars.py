"""Scalars written as text: in query requests, path labels, query strings, headers and XML."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import timestamps

if TYPE_CHECKING:
    from datetime import datetime

    from botocore.model import Shape

ReadText: TypeAlias = Callable[[str], Any]
WriteText: TypeAlias = Callable[[Any], str]

INTEGER_BITS = {"integer": 31, "long": 63}
_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?", re.ASCII
)


class InvalidScalar(ValueError):
    """A text that cannot be read as its shape's type; `str` of it is AWS's text."""


def reader(shape: Shape, timestamp_format: str) -> ReadText:
    """Give what reads a scalar of `shape` from text and raises InvalidScalar."""
    kind = shape.type_name
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", timestamp_format)
        return lambda text: _timestamp(text, form)
    if kind in INTEGER_BITS:
        return lambda text: _integer(text, kind)
    readers: dict[str, ReadText] = {
        "string": str,
        "character": str,
        "boolean": _boolean,
        "float": _float,
        "double": _float,
        "blob": blob,
    }
    return readers[kind]


def writer(shape: Shape, timestamp_format: str) -> WriteText:
    """Give what writes a scalar of `shape` as text."""
    kind = shape.type_name
    if kind == "timestamp":
        form = shape.serialization.get("timestampFormat", timestamp_format)
        return lambda value: str(timestamps.write(value, form))
    writers: dict[str, WriteText] = {
        "boolean": lambda value: "true" if value else "false",
        "float": lambda value: str(json_float(value)),
        "double": lambda value: str(json_float(value)),
        "blob": base64_text,
    }
    return writers.get(kind, str)


def blob(text: str) -> bytes:
    """Read base64 strictly; raises InvalidScalar."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidScalar("Invalid base64 encoded value") from error


def base64_text(value: bytes | str) -> str:
    """Write a blob; a text stands for its UTF-8 bytes."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode("ascii")


def json_float(value: float) -> float | str:
    """Give a number as JSON can hold it: the special ones by their names."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def special_float(text: str) -> float | None:
    """Give the float that is written as a name, None for any other text."""
    return _SPECIAL_FLOATS.get(text)


def in_range(value: int, kind: str) -> bool:
    """Tell whether a number fits an `integer` (32 bits) or a `long` (64 bits)."""
    bits = INTEGER_BITS[kind]
    return bool(-(1 << bits) <= value < 1 << bits)


def _integer(text: str, kind: str) -> int:
    if not _INTEGER.fullmatch(text) or not in_range(int(text), kind):
        raise InvalidScalar(f"STRING_VALUE can not be converted to an {kind.capitalize()}")
    return int(text)


def _float(text: str) -> float:
    special = special_float(text)
    if special is not None:
        return special
    value = float(text) if _FLOAT.fullmatch(text) else math.inf
    if math.isinf(value):
        raise InvalidScalar("STRING_VALUE can not be converted to a Double")
    return value


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidScalar("STRING_VALUE can not be converted to a Boolean")
    return text == "true"


def _timestamp(text: str, form: str) -> datetime:
    try:
        return timestamps.parse(text, form)
    except timestamps.InvalidTimestamp as error:
        raise InvalidScalar("STRING_VALUE can not be converted to a Date") from error
