"""The request URIs of rest-json models as a trie over path segments.

/restapis/{restapi_id}/resources    literals, one label a segment
/tags/{path+}/end                   a greedy label takes one or more segments
/restapis?mode=import               query literals tell operations on one path apart
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

MAX_SEGMENTS = 64


class Leaf(NamedTuple, Generic[T]):
    """What a request URI leads to: its value, label names in order, and query literals."""

    value: T
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str]]


class Match(NamedTuple, Generic[T]):
    """A value found by path, and the raw (still percent-encoded) text of each label."""

    value: T
    labels: dict[str, str]


class _Node(Generic[T]):
    __slots__ = ("greedy", "label", "leaves", "literals")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[T]] = {}
        self.label: _Node[T] | None = None
        self.greedy: _Node[T] | None = None
        self.leaves: dict[str, list[Leaf[T]]] = {}


class UriPaths(Generic[T]):
    """Finds by method, path and query what request URIs were added for."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, method: str, request_uri: str, value: T) -> None:
        """Add a model's `requestUri`, such as `/restapis/{restapi_id}?mode=update`."""
        path, _, query = request_uri.partition("?")
        node, labels = self._root, []
        for segment in _segments(path):
            if not (segment.startswith("{") and segment.endswith("}")):
                node = node.literals.setdefault(segment, _Node())
                continue
            name = segment[1:-1]
            labels.append(name.removesuffix("+"))
            if name.endswith("+"):
                node.greedy = node.greedy or _Node()
                node = node.greedy
            else:
                node.label = node.label or _Node()
                node = node.label
        literals = frozenset(parse_qsl(query, keep_blank_values=True))
        leaves = node.leaves.setdefault(method, [])
        leaves.append(Leaf(value, tuple(labels), literals))
        leaves.sort(key=lambda leaf: -len(leaf.query))

    def find(self, method: str, path: str, query: str) -> Match[T] | None:
        """Find the most literal match; among those on one path, the one with most of the query."""
        segments = _segments(path)
        if len(segments) > MAX_SEGMENTS:
            return None
        for node, captured in _walk(self._root, segments, 0):
            for leaf in node.leaves.get(method, ()):
                if not leaf.query or leaf.query <= set(parse_qsl(query, keep_blank_values=True)):
                    return Match(leaf.value, dict(zip(leaf.labels, captured, strict=True)))
        return None


def _segments(path: str) -> list[str]:
    return [] if path in ("", "/") else path.removeprefix("/").split("/")


def _walk(node: _Node[T], segments: list[str], at: int) -> Iterator[tuple[_Node[T], list[str]]]:
    """Give the nodes that the segments from `at` on lead to: literals, then labels, then greedy."""
    if at == len(segments):
        yield node, []
        return
    segment = segments[at]
    literal = node.literals.get(segment) or node.literals.get(unquote(segment))
    if literal is not None:
        yield from _walk(literal, segments, at + 1)
    if node.label is not None and segment:
        for found, captured in _walk(node.label, segments, at + 1):
            yield found, [segment, *captured]
    if node.greedy is not None:
        for end in range(len(segments), at, -1):
            for found, captured in _walk(node.greedy, segments, end):
                yield found, ["/".join(segments[at:end]), *captured]
