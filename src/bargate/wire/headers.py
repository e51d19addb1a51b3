"""Values in HTTP headers, read and written by a model's shapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import scalars, strict_json
from bargate.wire.json_writers import dumps

if TYPE_CHECKING:
    from botocore.model import Shape

ReadHeader: TypeAlias = Callable[[str], Any]
WriteHeader: TypeAlias = Callable[[Any], str]

TIMESTAMP_FORMAT = "rfc822"
# RFC 9110 §5.6.1: quoted elements, or texts up to the next comma; possessive, so one pass.
_ELEMENT = re.compile(r'\s*+(?:"((?:[^"\\]++|\\.)*+)"|([^,]*+))\s*+(?:,|$)', re.DOTALL)
_HTTP_DATE = re.compile(r"\s*([A-Za-z]+,[^,]*)(?:,|$)")
_NOT_TOKEN = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]")
_UNSENDABLE = re.compile("[^\t\x20-\x7e\xa0-\xff]")


def reader(shape: Shape) -> ReadHeader:
    """Compile what reads a header of a shape; it raises InvalidScalar or AwsError."""
    if shape.type_name == "list":
        read_element, split = scalars.reader(shape.member, TIMESTAMP_FORMAT), _splitter(shape)
        return lambda text: [read_element(each) for each in split(text)]
    if is_json(shape):
        return lambda text: strict_json.loads(scalars.blob(text))
    return scalars.reader(shape, TIMESTAMP_FORMAT)


def writer(shape: Shape) -> WriteHeader:
    """Compile what writes a header of a shape."""
    if shape.type_name == "list":
        write_element = scalars.writer(shape.member, TIMESTAMP_FORMAT)
        quote = _quoted if shape.member.type_name == "string" else str
        return lambda value: plain(", ".join(quote(write_element(each)) for each in value))
    if is_json(shape):
        return lambda value: scalars.base64_text(dumps(value))
    write = scalars.writer(shape, TIMESTAMP_FORMAT)
    return lambda value: plain(write(value))


def is_json(shape: Shape) -> bool:
    """Tell whether a header carries JSON in base64 (the jsonvalue trait)."""
    return bool(shape.serialization.get("jsonvalue"))


def plain(text: str) -> str:
    """Give a text as one header can carry it: no line breaks, no controls, Latin-1 only."""
    return _UNSENDABLE.sub("?", text)


def name(text: str) -> str:
    """Give a text as a header's name: what is no token character (RFC 9110 §5.6.2) is `_`."""
    return _NOT_TOKEN.sub("_", text)


def _splitter(shape: Shape) -> Callable[[str], list[str]]:
    form = shape.member.serialization.get("timestampFormat", TIMESTAMP_FORMAT)
    if shape.member.type_name == "timestamp" and form.lower() == "rfc822":
        return _http_dates
    return _elements


def _elements(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _ELEMENT.match(text, at)
        if match is None:
            raise scalars.InvalidScalar("A list in a header is malformed")
        quoted, bare = match.groups()
        found.append(bare.rstrip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        at = match.end()
    return found


def _http_dates(text: str) -> list[str]:
    found, at = [], 0
    while at < len(text):
        match = _HTTP_DATE.match(text, at)
        if match is None:
            raise scalars.InvalidScalar("A list of dates in a header is malformed")
        found.append(match[1])
        at = match.end()
    return found


def _quoted(text: str) -> str:
    if '"' not in text and "," not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
