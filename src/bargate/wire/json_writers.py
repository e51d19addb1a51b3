"""Writes values as JSON by a model's shapes; a writer is compiled once for each operation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from bargate.wire import scalars, timestamps
from bargate.wire.json_readers import TIMESTAMP_FORMAT

if TYPE_CHECKING:
    from botocore.model import Shape

Write: TypeAlias = Callable[[Any], Any]


class JsonWriters:
    """Compiles what turns a shape's value into what `json.dumps` takes.

    Members that are None, and those that the model does not have, are left out.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Write] = {}

    def writer(self, shape: Shape) -> Write:
        """Compile the writer of a shape."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(self.writer(shape.member))
        if kind == "map":
            return self._map(self.writer(shape.value))
        if kind == "timestamp":
            form = shape.serialization.get("timestampFormat", TIMESTAMP_FORMAT)
            return lambda value: timestamps.write(value, form)
        return _SCALARS.get(kind, _same)

    def _structure(self, shape: Shape) -> Write:
        if shape.is_document_type:
            return _same
        if shape.name not in self._structures:
            self._structures[shape.name] = self._again(shape.name)
            self._structures[shape.name] = self.members(shape, set(shape.members))
        return self._structures[shape.name]

    def _again(self, name: str) -> Write:
        """Give what stands for a structure inside itself: it looks the real writer up."""

        def write(value: Any) -> Any:
            return self._structures[name](value)

        return write

    def members(self, shape: Shape, names: set[str]) -> Write:
        """Compile the writer of some members of a structure: those in the body of a response."""
        members: dict[str, tuple[str, Write]] = {}
        for name in names:
            member = shape.members[name]
            members[name] = (member.serialization.get("name", name), self.writer(member))

        def write(value: dict[str, Any]) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for name, each in value.items():
                member = members.get(name)
                if member is not None and each is not None:
                    found[member[0]] = member[1](each)
            return found

        return write

    def _list(self, write_member: Write) -> Write:
        return lambda value: [None if each is None else write_member(each) for each in value]

    def _map(self, write_value: Write) -> Write:
        return lambda value: {
            key: None if each is None else write_value(each) for key, each in value.items()
        }


def dumps(value: Any) -> bytes:
    """Write JSON that any parser reads: ASCII, and no NaN."""
    try:
        written = _QUICK.encode(value)
    except (OverflowError, UnicodeEncodeError):  # integers of more than 64 bits, half surrogates
        written = b"null"
    # It writes UTF-8, and null for NaN; where there may be either, the careful one has to write.
    if written.isascii() and b"null" not in written:
        return written
    return _ENCODER.encode(value).encode("ascii")


def _same(value: Any) -> Any:
    return value


_QUICK = msgspec.json.Encoder()
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)

_SCALARS: dict[str, Write] = {
    "blob": scalars.base64_text,
    "float": scalars.json_float,
    "double": scalars.json_float,
}
