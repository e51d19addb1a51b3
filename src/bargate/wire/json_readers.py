"""Reads decoded JSON by a model's shapes; a reader is compiled once for each operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import scalars, timestamps
from bargate.wire.strict_json import malformed

if TYPE_CHECKING:
    from botocore.model import Shape

    from bargate.wire.error import AwsError

Read: TypeAlias = Callable[[Any], Any]

TIMESTAMP_FORMAT = "unixTimestamp"
_JAVA_CLASSES = {bool: "Boolean", int: "Integer", float: "Double", str: "String"}
_TARGETS = {"character": "String", "blob": "ByteBuffer", "timestamp": "Date"}


class JsonReaders:
    """Compiles what turns decoded JSON into a shape's value, raising SerializationException.

    Members that the model does not have are ignored, as AWS does; so are members that are null.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Read] = {}

    def reader(self, shape: Shape) -> Read:
        """Compile the reader of a shape."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(self.reader(shape.member))
        if kind == "map":
            return self._map(self.reader(shape.key), self.reader(shape.value))
        if kind == "timestamp":
            form = shape.serialization.get("timestampFormat", TIMESTAMP_FORMAT)
            return lambda value: _timestamp(value, form)
        if kind in scalars.INTEGER_BITS:
            return lambda value: _integer(value, kind)
        return _SCALARS[kind]

    def _structure(self, shape: Shape) -> Read:
        if shape.is_document_type:
            return _same
        if shape.name not in self._structures:
            self._structures[shape.name] = self._again(shape.name)
            read = self.members(shape, set(shape.members))
            self._structures[shape.name] = _union(read) if shape.is_tagged_union else read
        return self._structures[shape.name]

    def _again(self, name: str) -> Read:
        """Give what stands for a structure inside itself: it looks the real reader up."""

        def read(value: Any) -> Any:
            return self._structures[name](value)

        return read

    def members(self, shape: Shape, names: set[str]) -> Read:
        """Compile the reader of some members of a structure: those in the body of a request."""
        members: dict[str, tuple[str, Read]] = {}
        for name in names:
            member = shape.members[name]
            members[member.serialization.get("name", name)] = (name, self.reader(member))

        def read(value: Any) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise _mismatch(value, "structure")
            found: dict[str, Any] = {}
            for name, each in value.items():
                member = members.get(name)
                if member is not None and each is not None:
                    found[member[0]] = member[1](each)
            return found

        return read

    def _list(self, read_member: Read) -> Read:
        def read(value: Any) -> list[Any]:
            if not isinstance(value, list):
                raise _mismatch(value, "list")
            return [read_member(each) for each in value]

        return read

    def _map(self, read_key: Read, read_value: Read) -> Read:
        def read(value: Any) -> dict[Any, Any]:
            if not isinstance(value, dict):
                raise _mismatch(value, "map")
            return {read_key(key): read_value(each) for key, each in value.items()}

        return read


def _same(value: Any) -> Any:
    return value


def _union(read: Read) -> Read:
    """Hold a tagged union to exactly one member, as Smithy does."""

    def read_union(value: Any) -> Any:
        found = read(value)
        if len(found) != 1:
            raise malformed("A union must have exactly one member set")
        return found

    return read_union


def _mismatch(value: Any, kind: str) -> AwsError:
    """Say that a value is of the wrong type, in the words of AWS's Java services."""
    if isinstance(value, dict):
        return malformed("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return malformed("Start of list found where not expected.")
    if value is None:
        return malformed("A null value was found where not expected.")
    given = _JAVA_CLASSES[type(value)]
    if kind in ("structure", "list", "map"):
        return malformed(f"Unrecognized collection type class java.lang.{given}")
    target = _TARGETS.get(kind, kind.capitalize())
    # AWS [R] apigw-errors §5, its grammar kept.
    return malformed(f"class java.lang.{given} can not be converted to an {target}")


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch(value, "string")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(value, "boolean")
    return value


def _integer(value: Any, kind: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _mismatch(value, kind)
    if not scalars.in_range(value, kind):
        raise malformed(f"A number is out of the range of {kind}")
    return value


def _double(value: Any) -> float:
    special = scalars.special_float(value) if isinstance(value, str) else None
    if special is not None:
        return special
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _mismatch(value, "double")
    try:
        return float(value)
    except OverflowError as error:
        raise malformed("A number is out of range") from error


def _blob(value: Any) -> bytes:
    if not isinstance(value, str):
        raise _mismatch(value, "blob")
    try:
        return scalars.blob(value)
    except scalars.InvalidScalar as error:
        raise malformed(str(error)) from error


def _timestamp(value: Any, form: str) -> Any:
    try:
        return timestamps.parse(value, form)
    except timestamps.InvalidTimestamp as error:
        raise _mismatch(value, "timestamp") from error


_SCALARS: dict[str, Read] = {
    "string": _string,
    "character": _string,
    "boolean": _boolean,
    "float": _double,
    "double": _double,
    "blob": _blob,
}
