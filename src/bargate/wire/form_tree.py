"""The dotted names of a query request as a tree: `Tags.member.1.Key=a` is four steps deep."""

from __future__ import annotations

import re

from bargate.wire.error import AwsError

MAX_DEPTH = 32
MAX_NODES = 50_000
_INDEX = re.compile(r"[1-9]\d{0,5}", re.ASCII)


class FormNode:
    """A parameter's value, if it has one, and what is named below it."""

    __slots__ = ("children", "value")

    def __init__(self) -> None:
        self.value: str | None = None
        self.children: dict[str, FormNode] = {}

    def at(self, path: tuple[str, ...]) -> FormNode | None:
        """Give the node that a path leads to."""
        node: FormNode | None = self
        for name in path:
            node = None if node is None else node.children.get(name)
        return node

    def numbered(self) -> list[FormNode]:
        """Give the children of a list in order; raises AwsError where one is not numbered."""
        for name in self.children:
            if not _INDEX.fullmatch(name):
                raise malformed("A list element is not numbered")
        return [self.children[name] for name in sorted(self.children, key=int)]


def tree(parameters: dict[str, str]) -> FormNode:
    """Build the tree of a request's parameters; raises AwsError MalformedInput."""
    root, nodes = FormNode(), 0
    for name, value in parameters.items():
        node, steps = root, name.split(".")
        if len(steps) > MAX_DEPTH or "" in steps:
            raise malformed("A parameter name is malformed")
        for step in steps:
            child = node.children.get(step)
            if child is None:
                child = node.children[step] = FormNode()
                nodes += 1
            node = child
        if nodes > MAX_NODES:
            raise malformed("The request has too many parameters")
        node.value = value
    return root


def malformed(message: str) -> AwsError:
    """Say that a query request cannot be read."""
    return AwsError("MalformedInput", message, 400)
