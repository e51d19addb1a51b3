"""Read YAML text into nodes with positions, by the 1.2 core schema and nothing richer.

    text ──► libyaml events ──► frames (open collections) ──► Node

Events, not PyYAML's composer: the depth is checked before anything recurses. Only null, booleans
and finite numbers are resolved; `on`, `yes`, dates and `0123` stay the text they are.
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from bargate.openapi.source import (
    Budget,
    Entry,
    Malformed,
    Mapping,
    Node,
    Position,
    Scalar,
    ScalarValue,
    Sequence,
    check_depth,
    check_text,
    number,
)

_CORE = "tag:yaml.org,2002:"
_KNOWN_TAGS = {
    None,
    "!",
    *(_CORE + name for name in ("map", "seq", "str", "int", "float", "bool", "null")),
}
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")


class _Frame:
    """A collection whose end has not been read yet."""

    __slots__ = ("anchor", "height", "key", "merged", "node", "size")

    def __init__(self, node: Mapping | Sequence, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.size = 1
        self.height = 1
        self.key: Scalar | None = None
        self.merged: list[tuple[Position, Node]] = []


class _Anchored:
    """A finished node that aliases may name, with what each of them unfolds to."""

    __slots__ = ("height", "node", "size")

    def __init__(self, node: Node, size: int, height: int) -> None:
        self.node = node
        self.size = size
        self.height = height


def parse_yaml(text: str) -> Node:
    """Parse one YAML document; raises Malformed where it cannot be read."""
    composer = _Composer()
    try:
        for event in _events(text):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise Malformed(
            _position(error.problem_mark or error.context_mark),
            f"this is not YAML: {error.problem or error.context}",
            "check indentation, colons and quotes",
        ) from None
    except yaml.YAMLError as error:
        raise Malformed(Position(1, 1), f"this is not YAML: {error}", "remove it") from None
    if composer.root is None:
        raise Malformed(Position(1, 1), "the document is empty", "write an OpenAPI document")
    return composer.root


def _events(text: str) -> Iterator[Any]:
    events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
    return events


def _position(mark: Any) -> Position:
    return Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)


class _Composer:
    """Builds the tree from events; `root` is None until the document's end."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Anchored] = {}
        self._open_anchors: set[str] = set()
        self._budget = Budget()

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
            self._remember(event.anchor, node, 1, 1)
            self._add(node, 1, 1)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise Malformed(
                _position(event.start_mark), "a second document starts here", "keep one a file"
            )

    def _scalar(self, event: Any) -> Scalar:
        if event.value == "<<" and event.implicit[0] and self._awaits_key():
            return Scalar(_position(event.start_mark), None, "<<")
        return _scalar(event)

    def _awaits_key(self) -> bool:
        frame = self._frames[-1] if self._frames else None
        return frame is not None and frame.key is None and isinstance(frame.node, Mapping)

    def _open(self, event: Any) -> None:
        position = _position(event.start_mark)
        _check_tag(event, position)
        check_depth(len(self._frames) + 1, position)
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node = Mapping(position, {}) if is_mapping else Sequence(position, [])
        if event.anchor is not None:
            self._open_anchors.add(event.anchor)
        self._budget.spend(1, position)
        self._frames.append(_Frame(node, event.anchor))

    def _close(self) -> None:
        frame = self._frames.pop()
        if isinstance(frame.node, Mapping):
            for position, source in frame.merged:
                self._merge(frame, frame.node, position, source)
        self._remember(frame.anchor, frame.node, frame.size, frame.height)
        self._add(frame.node, frame.size, frame.height)

    def _remember(self, anchor: str | None, node: Node, size: int, height: int) -> None:
        if anchor is not None:
            self._open_anchors.discard(anchor)
            self._anchors[anchor] = _Anchored(node, size, height)

    def _alias(self, event: Any) -> None:
        position = _position(event.start_mark)
        if event.anchor in self._open_anchors:
            raise Malformed(
                position, f"the alias *{event.anchor} stands inside its own anchor", "write it out"
            )
        found = self._anchors.get(event.anchor)
        if found is None:
            raise Malformed(
                position, f"no anchor &{event.anchor} stands above", "define it before its use"
            )
        check_depth(len(self._frames) + found.height, position)
        self._budget.spend(found.size, position)
        self._add(found.node, found.size, found.height)

    def _add(self, node: Node, size: int, height: int) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if isinstance(node, Scalar):
            self._budget.spend(1, node.position)
        if isinstance(frame.node, Sequence):
            frame.node.items.append(node)
        elif frame.key is None:
            frame.key = _key(node)
        else:
            _set_member(frame, frame.node, frame.key, node)
            frame.key = None

    def _merge(self, frame: _Frame, into: Mapping, position: Position, source: Node) -> None:
        """Copy the members of a `<<` that are not written out; earlier sources win."""
        sources = source.items if isinstance(source, Sequence) else [source]
        for mapping in sources:
            if not isinstance(mapping, Mapping):
                raise Malformed(position, "<< merges only mappings", "name an anchored mapping")
            self._budget.spend(len(mapping.entries), position)
            for key, entry in mapping.entries.items():
                into.entries.setdefault(key, entry)
        frame.size += sum(len(s.entries) for s in sources if isinstance(s, Mapping))


def _set_member(frame: _Frame, into: Mapping, key: Scalar, node: Node) -> None:
    if key.text == "<<" and key.value is None:
        frame.merged.append((key.position, node))
        return
    if key.text in into.entries:
        first = into.entries[key.text].position.line
        raise Malformed(
            key.position,
            f"the key {key.text!r} stands twice, first on line {first}",
            "keep one of them",
        )
    into.entries[key.text] = Entry(key.position, node)


def _key(node: Node) -> Scalar:
    """Check that a key is text or something written like it (`200`, `on`)."""
    if not isinstance(node, Scalar):
        raise Malformed(node.position, "a key must be text", "write `key: value`")
    if node.value is None and node.text != "<<":
        raise Malformed(node.position, "a key must be text, not null", "write the key in quotes")
    return node


def _scalar(event: Any) -> Scalar:
    position = _position(event.start_mark)
    _check_tag(event, position)
    check_text(event.value, position)
    plain = event.implicit[0] and event.tag is None
    resolves = plain or (event.tag not in {None, "!", _CORE + "str"})
    return Scalar(
        position, _resolve(event.value, position) if resolves else event.value, event.value
    )


def _check_tag(event: Any, position: Position) -> None:
    if event.tag not in _KNOWN_TAGS:
        raise Malformed(position, f"the tag {event.tag} is not allowed", "write plain YAML values")


def _resolve(text: str, position: Position) -> ScalarValue:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return number(text, position, integral=True)
    if _FLOAT.match(text):
        return number(text, position, integral=False)
    if _NOT_FINITE.match(text):
        raise Malformed(position, "the number is not finite", "write a finite number")
    return text
