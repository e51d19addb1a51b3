"""A typed walk over a document: every wrong turn becomes a finding with its path.

A cursor stands on one node. Reading a member that has the wrong type records an error and gives
None (or an empty value), so that one reading finds everything that is wrong; nothing that was
read after an error is ever used, because `Report.refuse_if_errors` stands at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.nearest import did_you_mean
from bargate.openapi.findings import Report, shown
from bargate.openapi.source import Mapping, Node, Path, Scalar, Sequence, entry_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


class Cursor:
    """A place in a document and what can be read from it."""

    __slots__ = ("node", "path", "report")

    def __init__(self, report: Report, path: Path, node: Node) -> None:
        self.report = report
        self.path = path
        self.node = node

    def error(self, message: str, remedy: str, *below: str) -> None:
        """Record an error here, or at the member path `below`."""
        self.report.add("error", (*self.path, *below), message, remedy)

    def warn(self, message: str, remedy: str, *below: str) -> None:
        """Record a warning here, or at the member path `below`."""
        self.report.add("warning", (*self.path, *below), message, remedy)

    def line(self) -> int:
        """Give the line that this place stands on."""
        return self.report.position(self.path).line

    def root(self) -> Cursor:
        """Give the place at the top of the document."""
        return Cursor(self.report, (), self.report.root)

    def has(self, key: str) -> bool:
        """Say whether the member is written, whatever its value."""
        return isinstance(self.node, Mapping) and key in self.node.entries

    def at(self, key: str) -> Cursor | None:
        """Give the member or item, of any type."""
        entry = entry_of(self.node, key)
        return None if entry is None else Cursor(self.report, (*self.path, key), entry.node)

    def members(self) -> Iterator[tuple[str, Cursor]]:
        """Go through the members of a mapping; none of anything else."""
        if isinstance(self.node, Mapping):
            for key, entry in self.node.entries.items():
                yield key, Cursor(self.report, (*self.path, key), entry.node)

    def elements(self) -> Iterator[Cursor]:
        """Go through the items of a list; none of anything else."""
        if isinstance(self.node, Sequence):
            for index, item in enumerate(self.node.items):
                yield Cursor(self.report, (*self.path, str(index)), item)

    def is_object(self) -> bool:
        """Say whether this is a mapping; an error when it is not."""
        return self._is(isinstance(self.node, Mapping), "an object")

    def is_list(self) -> bool:
        """Say whether this is a list; an error when it is not."""
        return self._is(isinstance(self.node, Sequence), "a list")

    def object(self, key: str, *, required: bool = False) -> Cursor | None:
        """Give the member that must be a mapping."""
        found = self.at(key)
        if found is None and required:
            self.error(f"{key} is missing", f"write {key}")
        return found if found is not None and found.is_object() else None

    def list(self, key: str) -> tuple[Cursor, ...]:
        """Give the items of the member that must be a list; none when absent."""
        found = self.at(key)
        return tuple(found.elements()) if found is not None and found.is_list() else ()

    def as_text(self) -> str | None:
        """Give this value, which must be text."""
        if isinstance(self.node, Scalar) and isinstance(self.node.value, str):
            return self.node.value
        self._is(False, "text")  # noqa: FBT003 - the verdict is known
        return None

    def as_label(self) -> str | None:
        """Give this value, which may be text or a number, as it is written (`200`, `2.0`)."""
        scalar = self.node
        value = scalar.value if isinstance(scalar, Scalar) else None
        if isinstance(scalar, Scalar) and _is_label(value):
            return scalar.text
        self._is(False, "text")  # noqa: FBT003 - the verdict is known
        return None

    def text(self, key: str, *, required: bool = False) -> str | None:
        """Give the member that must be text; when required, not empty either."""
        found = self.at(key)
        value = None if found is None else found.as_text()
        if required and (found is None or value == ""):
            self.error(f"{key} is missing", f"write {key}")
            return None
        return value

    def label(self, key: str) -> str | None:
        """Give the member that must be text or a number, as it is written."""
        found = self.at(key)
        return None if found is None else found.as_label()

    def flag(self, key: str) -> bool:
        """Give the member that must be true or false; False when absent."""
        found = self.at(key)
        if found is None:
            return False
        if isinstance(found.node, Scalar) and isinstance(found.node.value, bool):
            return found.node.value
        found._is(False, "true or false")  # noqa: FBT003, SLF001 - same class, verdict known
        return False

    def integer(self, key: str, low: int, high: int) -> int | None:
        """Give the member that must be a whole number within bounds."""
        found = self.at(key)
        if found is None:
            return None
        value = found.node.value if isinstance(found.node, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            found._is(False, "a whole number")  # noqa: FBT003, SLF001 - same class, verdict known
            return None
        if low <= value <= high:
            return value
        found.error(f"{value} is out of bounds", f"write a number from {low} to {high}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Give the member that must be a list of text."""
        values = (item.as_text() for item in self.list(key))
        return tuple(value for value in values if value is not None)

    def text_map(self, key: str) -> dict[str, str]:
        """Give the member that must be a mapping from text to text."""
        found = self.object(key)
        if found is None:
            return {}
        values = ((name, member.as_text()) for name, member in found.members())
        return {name: value for name, value in values if value is not None}

    def choice(self, key: str, allowed: Collection[str], *, folded: bool = False) -> str | None:
        """Give the member that must be one of `allowed`, in any letter case when `folded`."""
        value = self.text(key)
        if value is None:
            return None
        found = value.upper() if folded else value
        if found in allowed:
            return found
        remedy = did_you_mean(value, allowed, f"write one of {', '.join(sorted(allowed))}")
        self.error(f"{key} {shown(value)!r} is not known", remedy, key)
        return None

    def refuse_unknown(self, known: Collection[str], *, extensible: bool = False) -> None:
        """Record every member that is not `known`; `extensible` objects may carry `x-` members."""
        for key, member in self.members():
            if key not in known and not (extensible and key.startswith("x-")):
                remedy = did_you_mean(key, known, f"it may hold {', '.join(sorted(known))}")
                member.error(f"{shown(key)!r} is not known here", remedy)

    def _is(self, verdict: bool, wanted: str) -> bool:  # noqa: FBT001 - private, one meaning
        if not verdict:
            self.error(f"this is {_kind(self.node)}, not {wanted}", f"write {wanted}")
        return verdict


def _is_label(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _kind(node: Node) -> str:
    """Say in words what a node is."""
    if isinstance(node, Mapping):
        return "an object"
    if isinstance(node, Sequence):
        return "a list"
    if node.value is None:
        return "null"
    if isinstance(node.value, bool):
        return f"the value {str(node.value).lower()}"
    return "text" if isinstance(node.value, str) else f"the number {shown(node.text)}"
