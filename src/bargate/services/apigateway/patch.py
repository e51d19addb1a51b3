"""Patch operations: each noun has a table of the paths it takes and what they do.

    {op, path, value, from} ──► Step ──► the rule with that path and op ──► a changed record

Paths are JSON pointers (RFC 6901): `~1` is a slash and `~0` a tilde within a name. A rule's path
holds `{name}` where any name stands; what stood there is in `Step.names`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from bargate.services.apigateway.errors import MAX_SHOWN, bad_request, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bargate.services.operation import Params
    from bargate.wire.error import AwsError

Target = TypeVar("Target")

OPERATIONS = ("add", "remove", "move", "test", "replace", "copy")
MAX_OPERATIONS = 1_000
MAX_PATH_CHARACTERS = 4_096


class Step(Struct, frozen=True, kw_only=True):
    """One patch operation; `names` are the unescaped names of the path where a rule has `{…}`."""

    op: str
    path: str
    value: str | None = None
    source: str | None = None
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last name of the path that the rule leaves open."""
        return self.names[-1]

    def text(self) -> str:
        """Give the value; raises BadRequestException when there is none."""
        if self.value is None:
            raise bad_request(f"Invalid null value specified for path {self.path}")  # [I]
        return self.value

    def flag(self) -> bool:
        """Give the value, which must be true or false."""
        folded = self.text().lower()
        if folded not in {"true", "false"}:
            raise self.invalid_value("a boolean")
        return folded == "true"

    def integer(self, low: int, high: int) -> int:
        """Give the value, which must be a whole number from `low` to `high`."""
        text = self.text()
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) < 12):  # noqa: PLR2004
            raise self.invalid_value(f"an integer between {low} and {high}")
        if not low <= int(text) <= high:
            raise self.invalid_value(f"an integer between {low} and {high}")
        return int(text)

    def number(self, low: float, high: float) -> float:
        """Give the value, which must be a number from `low` to `high`."""
        try:
            value = float(self.text())
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise self.invalid_value(f"a number between {low} and {high}")
        return value

    def invalid_value(self, wanted: str) -> AwsError:
        """Refuse the value; the form of the text is AWS's [O], `wanted` ends it."""
        shown = (self.value or "")[:MAX_SHOWN]
        return bad_request(
            f"Invalid patch value  '{shown}' specified for op '{self.op}'. Must be {wanted}"
        )


class Rule(Struct, frozen=True, eq=False):
    """A path that may be patched, by which operations, and how a record then changes."""

    path: str
    ops: tuple[str, ...]
    apply: Callable[[Any, Step], Any]


class Table(Struct, frozen=True, eq=False):
    """The rules of a noun; `refuse` words what none of them takes."""

    rules: tuple[Rule, ...]
    refuse: Callable[[Table, Step], AwsError] | None = None


def patched(record: Target, request: Params, table: Table) -> Target:
    """Give the record after all `patchOperations` of a request, in their order."""
    operations: list[Params] = request.get("patchOperations") or []
    if len(operations) > MAX_OPERATIONS:
        raise bad_request(f"At most {MAX_OPERATIONS} patch operations are allowed")  # [I]
    for number, operation in enumerate(operations, 1):
        record = _apply(record, _step(operation, number), table)
    return record


def _step(operation: Params, number: int) -> Step:
    path = operation.get("path")
    if path is None:
        raise bad_request("Invalid patch path null")  # AWS [R] apigw-errors §5
    if len(path) > MAX_PATH_CHARACTERS or "\0" in path:
        raise bad_request(f"Invalid patch path {path[:64]!r}")
    op = operation.get("op")
    if op is None:
        raise bad_request("Invalid patch operation null")  # [I]
    one_of(op, f"patchOperations.{number}.member.op", OPERATIONS)
    return Step(op=op, path=path, value=operation.get("value"), source=operation.get("from"))


def _apply(record: Any, step: Step, table: Table) -> Any:
    for rule in table.rules:
        names = names_in(rule.path, step.path)
        if names is not None and step.op in rule.ops:
            named = Step(
                op=step.op, path=step.path, value=step.value, source=step.source, names=names
            )
            return rule.apply(record, named)
    raise (table.refuse or unsupported)(table, step)


def unsupported(table: Table, step: Step) -> AwsError:
    """Word a refusal (AWS [R] apigw-errors §5)."""
    paths = [rule.path for rule in table.rules if step.op in rule.ops]
    known = any(names_in(rule.path, step.path) is not None for rule in table.rules)
    if known or not paths:
        return bad_request(f"{_start(step)}Please choose supported operations")
    return must_be_one_of(step, paths)


def must_be_one_of(step: Step, paths: Sequence[str]) -> AwsError:
    """Refuse a path and list those that are right."""
    return bad_request(f"{_start(step)}Must be one of: [{', '.join(paths)}]")


def _start(step: Step) -> str:
    # AWS [R]: two spaces after "path"
    return f"Invalid patch path  '{step.path[:MAX_SHOWN]}' specified for op '{step.op}'. "


def names_in(template: str, path: str) -> tuple[str, ...] | None:
    """Give the unescaped names that stand for `{…}` in a template, None when it does not fit.

    The template `{any}` takes every path and gives it whole.
    """
    if template == "{any}":
        return (path,)
    wanted, given = template.split("/"), path.split("/")
    if len(wanted) != len(given):
        return None
    names = []
    for want, have in zip(wanted, given, strict=True):
        if want.startswith("{"):
            if not have:
                return None
            names.append(unescaped(have))
        elif want != have:
            return None
    return tuple(names)


def with_entry(values: Mapping[str, str], step: Step) -> dict[str, str]:
    """Give a map after a step that adds, replaces or removes the entry `step.name`."""
    changed = {name: value for name, value in values.items() if name != step.name}
    if step.op != "remove":
        changed[step.name] = step.value or ""
    return changed


def unescaped(name: str) -> str:
    """Read one name of a JSON pointer (RFC 6901 §4: `~1` first, then `~0`)."""
    return name.replace("~1", "/").replace("~0", "~")
