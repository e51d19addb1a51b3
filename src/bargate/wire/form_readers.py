"""Reads a query request's parameters by a model's shapes; compiled once for each operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import scalars
from bargate.wire.form_tree import FormNode, malformed

if TYPE_CHECKING:
    from botocore.model import Shape

Read: TypeAlias = Callable[[FormNode], Any]

TIMESTAMP_FORMAT = "iso8601"


class FormReaders:
    """Compiles what turns a tree of parameters into a shape's value, raising MalformedInput.

    Members that the model does not have are ignored, as AWS does. A list or map in any other
    than its own spelling is refused: what is dropped in silence may have been a restriction.
    """

    def __init__(self) -> None:
        self._structures: dict[str, Read] = {}

    def reader(self, shape: Shape) -> Read:
        """Compile the reader of a shape."""
        kind = shape.type_name
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return self._list(shape)
        if kind == "map":
            return self._map(shape)
        return _scalar(shape)

    def name(self, shape: Shape, default: str) -> str:
        """Give the name of a member on the wire."""
        name: str = shape.serialization.get("name", default)
        return name

    def element(self, shape: Shape) -> str | None:
        """Give the name between a list and its numbers, None for a flattened list."""
        return None if _is_flat(shape) else self.name(shape.member, "member")

    def member_name(self, shape: Shape, default: str) -> str:
        """Give the name of a structure's member.

        A flattened list without one of its own goes by its element's (the published vectors
        `QueryFlattenedListArgWithXmlName` and legacy-input-query/3/1).
        """
        if shape.type_name == "list" and _is_flat(shape) and "name" not in shape.serialization:
            *parents, last = default.split(".")
            return ".".join([*parents, self.name(shape.member, last)])
        return self.name(shape, default)

    def _structure(self, shape: Shape) -> Read:
        if shape.name in self._structures:
            return self._structures[shape.name]
        members: list[tuple[str, tuple[str, ...], Read]] = []

        def read(node: FormNode) -> dict[str, Any]:
            _no_value(node)
            found: dict[str, Any] = {}
            for name, path, read_member in members:
                at = node.at(path)
                if at is not None:
                    found[name] = read_member(at)
            return found

        self._structures[shape.name] = read
        for name, member in shape.members.items():
            path = tuple(self.member_name(member, name).split("."))
            members.append((name, path, self.reader(member)))
        return read

    def _list(self, shape: Shape) -> Read:
        element, read_member = self.element(shape), self.reader(shape.member)

        def read(node: FormNode) -> list[Any]:
            if node.value == "" and not node.children:
                return []
            _no_value(node)
            return [read_member(each) for each in _elements(node, element).numbered()]

        return read

    def _map(self, shape: Shape) -> Read:
        element = None if _is_flat(shape) else "entry"
        key_name, value_name = self.name(shape.key, "key"), self.name(shape.value, "value")
        read_key, read_value = self.reader(shape.key), self.reader(shape.value)

        def read(node: FormNode) -> dict[Any, Any]:
            if node.value == "" and not node.children:
                return {}
            _no_value(node)
            found: dict[Any, Any] = {}
            for each in _elements(node, element).numbered():
                key, value = each.at((key_name,)), each.at((value_name,))
                if key is None or value is None or len(each.children) != 2:  # noqa: PLR2004 - both
                    raise malformed("A map entry needs a key and a value")
                name = read_key(key)
                if name in found:
                    raise malformed("A map has a key twice")
                found[name] = read_value(value)
            return found

        return read


def _is_flat(shape: Shape) -> bool:
    return bool(shape.serialization.get("flattened"))


def _elements(node: FormNode, element: str | None) -> FormNode:
    if element is None:
        return node
    if set(node.children) != {element}:
        raise malformed("A list or map is not spelled as the protocol has it")
    return node.children[element]


def _no_value(node: FormNode) -> None:
    if node.value is not None:
        raise malformed("A value was found where a structure, list or map is expected")


def _scalar(shape: Shape) -> Read:
    read_text = scalars.reader(shape, TIMESTAMP_FORMAT)

    def read(node: FormNode) -> Any:
        if node.value is None or node.children:
            raise malformed("Start of structure or map found where not expected.")
        try:
            return read_text(node.value)
        except scalars.InvalidScalar as error:
            raise malformed(str(error)) from error

    return read
