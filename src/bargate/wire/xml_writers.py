"""Writes values as XML by a model's shapes; a writer is compiled once for each operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import scalars, xml_text

if TYPE_CHECKING:
    from botocore.model import Shape

Write: TypeAlias = Callable[[Any, list[str]], None]

TIMESTAMP_FORMAT = "iso8601"


class XmlWriters:
    """Compiles what appends a shape's value to the parts of a document.

    Members that are None, and those that the model does not have, are left out.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Write] = {}

    def content(self, shape: Shape) -> Write:
        """Compile the writer of what stands inside a shape's element."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(shape, _name(shape.member, "member"))
        if kind == "map":
            return self._map(shape, "entry")
        write_text = scalars.writer(shape, TIMESTAMP_FORMAT)
        return lambda value, out: out.append(xml_text.text(write_text(value)))

    def element(self, shape: Shape, tag: str) -> Write:
        """Compile the writer of a shape's element; of all its elements where it is flattened."""
        if shape.serialization.get("flattened"):
            if shape.type_name == "list":
                return self._list(shape, _name(shape.member, tag))
            return self._map(shape, tag)
        content = self.content(shape)
        start, end = f"<{tag}{_namespace(shape)}>", f"</{tag}>"

        def write(value: Any, out: list[str]) -> None:
            out.append(start)
            content(value, out)
            out.append(end)

        return write

    def _structure(self, shape: Shape) -> Write:
        if shape.name in self._structures:
            return self._structures[shape.name]
        members: list[tuple[str, Write]] = []

        def write(value: dict[str, Any], out: list[str]) -> None:
            for name, write_member in members:
                each = value.get(name)
                if each is not None:
                    write_member(each, out)

        self._structures[shape.name] = write
        for name, member in shape.members.items():
            members.append((name, self.element(member, _name(member, name))))
        return write

    def _list(self, shape: Shape, tag: str) -> Write:
        write_member = self.element(shape.member, tag)

        def write(value: Any, out: list[str]) -> None:
            for each in value:
                if each is not None:
                    write_member(each, out)

        return write

    def _map(self, shape: Shape, tag: str) -> Write:
        write_key = self.element(shape.key, _name(shape.key, "key"))
        write_value = self.element(shape.value, _name(shape.value, "value"))

        def write(value: dict[Any, Any], out: list[str]) -> None:
            for key, each in value.items():
                out.append(f"<{tag}>")
                write_key(key, out)
                if each is not None:
                    write_value(each, out)
                out.append(f"</{tag}>")

        return write


def _name(shape: Shape, default: str) -> str:
    name: str = shape.serialization.get("name", default)
    return name


def _namespace(shape: Shape) -> str:
    """Give the xmlns attribute of an element whose shape has one."""
    namespace = shape.serialization.get("xmlNamespace")
    if namespace is None:
        return ""
    uri = namespace if isinstance(namespace, str) else namespace["uri"]
    prefix = "" if isinstance(namespace, str) else namespace.get("prefix", "")
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return f' {name}="{xml_text.attribute(uri)}"'
