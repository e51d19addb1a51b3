"""A trie of path segments that is changed without touching the one it came from.

    Node ──► Edit (copies the nodes it meets) ──► Node, sharing all that did not change

So a change of one route of thousands costs what its path is long, and a router that calls still
use stays as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bargate.snapshot.compiled import Endpoint


class Slot(Protocol):
    """Where the endpoint of one method or route is, or will be once it is first called."""

    endpoint: Endpoint | None
    http_method: str
    resource_path: str

    def compiled(self) -> Endpoint:
        """Give the endpoint; raises InvalidConfiguration when it cannot be compiled."""


# By verb. INVARIANT: replaced, never written to.
Methods = dict[str, Slot]
_NONE: Methods = {}


class Node:
    """One path segment; its methods when a path may end here. `edit` says who may write to it."""

    __slots__ = ("children", "edit", "greedy", "methods", "parameter")

    def __init__(self, edit: object) -> None:
        self.edit = edit
        self.children: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.greedy: Node | None = None
        self.methods: Methods = _NONE

    def verb(self, method: str) -> Slot | None:
        """Give what answers a verb here."""
        return self.methods.get(method) or self.methods.get("ANY")

    @property
    def is_bare(self) -> bool:
        """Say whether nothing is here, nor below."""
        return not (self.methods or self.children or self.parameter or self.greedy)


class Edit:
    """Changes that lead from one trie to another; the first stays as it is."""

    def __init__(self, root: Node | None = None) -> None:
        self._token = object()
        self.root = Node(self._token) if root is None else self._own(root)

    def add(self, segments: list[str], slot: Slot) -> tuple[Methods, bool]:
        """Put a slot at a path; give the methods there now, and whether it displaced another."""
        node = self.root
        for segment in segments:
            node = self._descend(node, segment)
        displaced = node.methods.get(slot.http_method)
        node.methods = {**node.methods, slot.http_method: slot}
        return node.methods, displaced is not None and displaced is not slot

    def remove(self, segments: list[str], slot: Slot) -> Methods:
        """Take a slot from its path, and the branch with it if nothing else is on it."""
        way = [self.root]
        for segment in segments:
            child = _child(way[-1], segment)
            if child is None:
                return _NONE
            way.append(self._descend(way[-1], segment))
        node = way[-1]
        verb = slot.http_method
        if node.methods.get(verb) is slot:
            node.methods = {name: each for name, each in node.methods.items() if name != verb}
        for parent, segment in zip(way[-2::-1], reversed(segments), strict=True):
            child = _child(parent, segment)
            if child is None or not child.is_bare:
                break
            _cut(parent, segment)
        return node.methods

    def _descend(self, node: Node, segment: str) -> Node:
        """Give the child that a segment of a template leads to, as one that may be written to."""
        child = _child(node, segment)
        if child is not None and child.edit is self._token:
            return child
        child = Node(self._token) if child is None else self._own(child)
        if is_greedy(segment):
            node.greedy = child
        elif is_parameter(segment):
            node.parameter = child
        else:
            node.children[segment] = child
        return child

    def _own(self, node: Node) -> Node:
        copy = Node(self._token)
        copy.children = dict(node.children)
        copy.parameter = node.parameter
        copy.greedy = node.greedy
        copy.methods = node.methods
        return copy


def is_greedy(segment: str) -> bool:
    """Say whether a segment of a template is `{name+}`."""
    return segment.startswith("{") and segment.endswith("+}")


def is_parameter(segment: str) -> bool:
    """Say whether a segment of a template is `{name}` or `{name+}`."""
    return segment.startswith("{") and segment.endswith("}")


def _child(node: Node, segment: str) -> Node | None:
    if is_greedy(segment):
        return node.greedy
    if is_parameter(segment):
        return node.parameter
    return node.children.get(segment)


def _cut(node: Node, segment: str) -> None:
    if is_greedy(segment):
        node.greedy = None
    elif is_parameter(segment):
        node.parameter = None
    else:
        del node.children[segment]
