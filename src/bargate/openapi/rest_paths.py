"""The rules that paths of a REST API obey among each other (resources form a tree)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bargate.openapi.findings import shown

if TYPE_CHECKING:
    from bargate.openapi.cursor import Cursor

# AWS [O]: letters, digits and ._-: are named in its message; the others are taken too
_LITERAL = re.compile(r"[A-Za-z0-9._:~$@%,-]+\Z")
_VARIABLE = re.compile(r"\{[A-Za-z0-9._:$-]+\+?\}\Z")


def variables_of(path: str) -> tuple[str, ...]:
    """Give the names of the variable parts of a path, without the plus of a greedy one."""
    return tuple(part[1:-1].removesuffix("+") for part in path.split("/") if _VARIABLE.match(part))


def normalized(path: str) -> str:
    """Give the path of the resource: a trailing slash names the same one."""
    return path.rstrip("/") or "/"


class ResourceTree:
    """Checks each path as it joins the others."""

    def __init__(self) -> None:
        self._paths: dict[str, Cursor] = {}
        self._variable_below: dict[str, tuple[str, Cursor]] = {}

    def add(self, path: str, cursor: Cursor) -> bool:
        """Record errors of `path`, alone and beside the paths before it; say if it is right."""
        resource = normalized(path)
        if resource in self._paths:
            line = self._paths[resource].line()
            cursor.error(
                f"this is the same resource as the path on line {line}", "join the two into one"
            )
            return False
        self._paths[resource] = cursor
        parts = resource.split("/")[1:] if resource != "/" else []
        return self._are_parts(parts, cursor) and self._fits(parts, cursor)

    def _are_parts(self, parts: list[str], cursor: Cursor) -> bool:
        for part in parts:
            if not _LITERAL.match(part) and not _VARIABLE.match(part):
                cursor.error(
                    f"{shown(part)!r} is no path part",
                    "write letters, digits and ._-: or one whole {variable} or {variable+}",
                )
                return False
        names = variables_of("/".join(parts))
        if len(set(names)) < len(names):
            cursor.error("a variable stands twice in the path", "give each its own name")
            return False
        return True

    def _fits(self, parts: list[str], cursor: Cursor) -> bool:
        # AWS [R] apigw-errors §5
        parent = ""
        for part in parts:
            if parent.endswith("+}"):
                cursor.error(
                    f"Cannot create a child of a resource with a greedy path variable: {part}",
                    "a greedy variable ends its path",
                )
                return False
            if part.startswith("{") and not self._is_only_variable(parent, part, cursor):
                return False
            parent = f"{parent}/{part}"
        return True

    def _is_only_variable(self, parent: str, part: str, cursor: Cursor) -> bool:
        first, where = self._variable_below.setdefault(parent, (part, cursor))
        if first == part:
            return True
        cursor.error(
            f"A sibling ({first}) of this resource already has a variable path part -- "
            f"only one is allowed (line {where.line()})",
            f"write {first} in both paths",
        )
        return False
