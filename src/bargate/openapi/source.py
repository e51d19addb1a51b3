"""A parsed document: plain nodes that know where they stand in the text."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct

Path: TypeAlias = tuple[str, ...]
ScalarValue: TypeAlias = str | int | float | bool | None

MAX_SIZE_BYTES = 6 * 1024 * 1024
MAX_NODES = 200_000
MAX_DEPTH = 100
MAX_NUMBER_DIGITS = 40


class Position(Struct, frozen=True, gc=False):
    """Line and column in the text, both counted from 1."""

    line: int
    column: int


class Scalar(Struct, frozen=True, gc=False):
    """A value without parts; `text` is how it was written, without quotes."""

    position: Position
    value: ScalarValue
    text: str


class Sequence(Struct):
    """A list of nodes."""

    position: Position
    items: list[Node]


class Entry(Struct):
    """A member of a mapping; `position` is where its key stands."""

    position: Position
    node: Node


class Mapping(Struct):
    """A mapping from text to nodes, in the order of the text."""

    position: Position
    entries: dict[str, Entry]


Node: TypeAlias = Scalar | Sequence | Mapping


class Malformed(ValueError):
    """The text cannot be read at all from `position` on."""

    def __init__(self, position: Position, message: str, remedy: str) -> None:
        super().__init__(message)
        self.position = position
        self.message = message
        self.remedy = remedy


class Budget:
    """Bounds how much one document may unfold to, however it is written."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MAX_NODES

    def spend(self, nodes: int, position: Position) -> None:
        """Take `nodes` from what is left."""
        self._left -= nodes
        if self._left < 0:
            raise Malformed(
                position,
                f"the document unfolds to more than {MAX_NODES:,} values",
                "make it smaller, or use fewer aliases",
            )


def check_depth(depth: int, position: Position) -> None:
    """Refuse nesting that is deeper than any real document's."""
    if depth > MAX_DEPTH:
        raise Malformed(
            position, f"values are nested deeper than {MAX_DEPTH} levels", "nest them less deeply"
        )


def check_text(text: str, position: Position) -> None:
    """Refuse characters that no later reader of the text could carry."""
    if "\x00" in text:
        raise Malformed(position, "text holds a NUL character", "leave it out")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Malformed(
            position, "text holds half of a surrogate pair", r"write both halves, as \ud83d\ude00"
        ) from None


def number(text: str, position: Position, *, integral: bool) -> int | float:
    """Read a number that is known to be written like one."""
    if integral:
        if len(text) > MAX_NUMBER_DIGITS:
            raise Malformed(
                position, "the number is too long", f"write at most {MAX_NUMBER_DIGITS} digits"
            )
        return int(text)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise Malformed(position, "the number is too large", "write a finite number")
    return value


def child(node: Node | None, key: str) -> Node | None:
    """Give the member or item of `node` called `key`, or None."""
    entry = entry_of(node, key)
    return None if entry is None else entry.node


def entry_of(node: Node | None, key: str) -> Entry | None:
    """Give the member of `node` called `key` and where it stands, or None."""
    if isinstance(node, Mapping):
        return node.entries.get(key)
    if isinstance(node, Sequence) and key.isascii() and key.isdigit() and len(key) < 8:  # noqa: PLR2004 - far above MAX_NODES
        index = int(key)
        if index < len(node.items):
            return Entry(node.items[index].position, node.items[index])
    return None


def locate(root: Node, path: Path) -> Position:
    """Say where the deepest known prefix of `path` stands."""
    node, position = root, root.position
    for key in path:
        entry = entry_of(node, key)
        if entry is None:
            break
        node, position = entry.node, entry.position
    return position


def value_of(node: Node) -> Any:
    """Give the node as plain Python values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [value_of(item) for item in node.items]
    return {key: value_of(entry.node) for key, entry in node.entries.items()}
