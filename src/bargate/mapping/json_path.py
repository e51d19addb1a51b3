"""The JSONPath that mapping templates and parameter mappings use, bounded.

Members, indexes, slices, unions, wildcards, descendants and simple filters
(`[?(@.price < 10 && @.kind == 'x')]`), with the results AWS gives [D]: a definite path (members
and indexes alone) gives its one value, any other path the list of all it finds. Libraries of
this were weighed: the lightest costs a worker 14 MB and has no bound on `$..*..*`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from msgspec import Struct

MAX_PATH_CHARACTERS = 1024
MAX_NODES = 100_000

Selector: TypeAlias = Callable[[Any], Iterable[Any]]


class JsonPathError(ValueError):
    """A path cannot be read, or finds more than a call may."""


class JsonPath(Struct, frozen=True):
    """A compiled path."""

    selectors: tuple[Selector, ...]
    definite: bool

    def find(
        self,
        document: Any,
        missing: Any = None,
        charge: Callable[[int], object] | None = None,
    ) -> Any:
        """Give what the path finds: a value, or a list for indefinite paths; else `missing`.

        Raises JsonPathError beyond `MAX_NODES` visited nodes; `charge` is told how many.
        """
        nodes = [document]
        visited = 0
        for selector in self.selectors:
            found: list[Any] = []
            for node in nodes:
                for child in selector(node):
                    visited += 1
                    if visited > MAX_NODES:
                        raise JsonPathError(f"the path visits more than {MAX_NODES} nodes")
                    found.append(child)
            nodes = found
            if charge is not None:
                charge(len(found))
        if self.definite:
            return nodes[0] if nodes else missing
        return nodes


_MEMBER = re.compile(r"\.?([A-Za-z0-9_\-$@:]+)")
_QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*""")
_INDEX = re.compile(r"\s*(-?\d{1,9})\s*")
_SLICE = re.compile(r"\s*(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*(?::\s*(-?\d{1,9})?\s*)?")
_WILDCARD = re.compile(r"\s*\*\s*")
_FILTER = re.compile(r"\[\s*\?\s*\(")
_COMPARISON = re.compile(
    r"""\s*(!?)\s*@((?:\.[A-Za-z0-9_\-]+|\[\s*'[^']*'\s*\])*)\s*"""
    r"""(?:(==|!=|<=|>=|<|>)\s*('[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null)\s*)?"""
)
_STEP = re.compile(r"\.([A-Za-z0-9_\-]+)|\[\s*'([^']*)'\s*\]")


def compile_json_path(path: str) -> JsonPath:
    """Compile a path; a leading `$` may be left out, as in `body.name`.

    Raises JsonPathError when it cannot be read.
    """
    if len(path) > MAX_PATH_CHARACTERS:
        raise JsonPathError(f"the path is longer than {MAX_PATH_CHARACTERS} characters")
    text = path.strip()
    at = 1 if text.startswith("$") else 0
    selectors: list[Selector] = []
    definite = True
    while at < len(text):
        if text.startswith("..", at):
            selectors.append(_descendants)
            definite = False
            at += 2 if text.startswith("[", at + 2) else 1
            continue
        if (match := _FILTER.match(text, at)) is not None:
            # The children are visited, and counted, before they are filtered.
            selectors.append(_children)
            at = match.end()
            selector, one, at = _filter(text, at)
        else:
            selector, one, at = _segment(text, at)
        selectors.append(selector)
        definite = definite and one
    return JsonPath(tuple(selectors), definite)


def _segment(text: str, at: int) -> tuple[Selector, bool, int]:
    if text[at] == "[":
        return _bracket(text, at + 1)
    if text.startswith(".*", at) or text[at] == "*":
        return _children, False, at + (2 if text[at] == "." else 1)
    match = _MEMBER.match(text, at)
    if match is None:
        raise JsonPathError(f"cannot read {text[at:]!r} in the path {text!r}")
    return _member(match.group(1)), True, match.end()


def _bracket(text: str, at: int) -> tuple[Selector, bool, int]:
    chosen: list[Selector] = []
    one = True
    while True:
        selector, single, at = _choice(text, at)
        chosen.append(selector)
        one = one and single
        if text.startswith("]", at):
            break
        if not text.startswith(",", at):
            raise JsonPathError(f"expected ']' at {text[at:]!r} in the path {text!r}")
        at += 1
    if len(chosen) == 1:
        return chosen[0], one, at + 1
    return _union(tuple(chosen)), False, at + 1


def _choice(text: str, at: int) -> tuple[Selector, bool, int]:
    if (match := _QUOTED.match(text, at)) is not None:
        name = match.group(1) if match.group(1) is not None else match.group(2)
        return _member(re.sub(r"\\(.)", r"\1", name)), True, match.end()
    if (match := _WILDCARD.match(text, at)) is not None:
        return _children, False, match.end()
    if (match := _SLICE.match(text, at)) is not None:
        bounds = [None if part is None else int(part) for part in match.groups()]
        return _slice(slice(*bounds), text), False, match.end()
    if (match := _INDEX.match(text, at)) is not None:
        return _index(int(match.group(1))), True, match.end()
    raise JsonPathError(f"cannot read {text[at:]!r} in the path {text!r}")


def _filter(text: str, at: int) -> tuple[Selector, bool, int]:
    """Read `@.a < 1 && @.b || …` up to `)]`; `&&` binds closer than `||`."""
    alternatives: list[list[Callable[[Any], bool]]] = [[]]
    while True:
        match = _COMPARISON.match(text, at)
        if match is None:
            raise JsonPathError(f"cannot read the filter {text[at:]!r} in the path {text!r}")
        alternatives[-1].append(_comparison(match))
        at = match.end()
        if text.startswith(")]", at):
            return _matching(alternatives), False, at + 2
        if text.startswith("||", at):
            alternatives.append([])
        elif not text.startswith("&&", at):
            raise JsonPathError(f"expected ')]' at {text[at:]!r} in the path {text!r}")
        at += 2


def _comparison(match: re.Match[str]) -> Callable[[Any], bool]:
    negated, steps, operator, literal = match.groups()
    names = tuple(dotted or quoted for dotted, quoted in _STEP.findall(steps))
    compare = None if operator is None else _OPERATORS[operator]
    expected = None if literal is None else _literal(literal)

    def holds(node: Any) -> bool:
        for name in names:
            if not isinstance(node, dict) or name not in node:
                return bool(negated)
            node = node[name]
        held = True if compare is None else compare(node, expected)
        return held is not bool(negated)

    return holds


def _literal(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    named = {"true": True, "false": False, "null": None}
    if text in named:
        return named[text]
    return float(text) if "." in text else int(text)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        numbers = _is_number(left) and _is_number(right)
        return (numbers or (isinstance(left, str) and isinstance(right, str))) and compare(
            left, right
        )

    return compared


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: bool(left < right)),
    "<=": _ordered(lambda left, right: bool(left <= right)),
    ">": _ordered(lambda left, right: bool(left > right)),
    ">=": _ordered(lambda left, right: bool(left >= right)),
}


def _member(name: str) -> Selector:
    return lambda node: (node[name],) if isinstance(node, dict) and name in node else ()


def _index(at: int) -> Selector:
    return lambda node: (
        (node[at],) if isinstance(node, list) and -len(node) <= at < len(node) else ()
    )


def _slice(bounds: slice, text: str) -> Selector:
    if bounds.step == 0:
        raise JsonPathError(f"a slice's step cannot be 0 in the path {text!r}")
    return lambda node: node[bounds] if isinstance(node, list) else ()


def _children(node: Any) -> Iterable[Any]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _descendants(node: Any) -> Iterator[Any]:
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(tuple(_children(current))))


def _union(selectors: tuple[Selector, ...]) -> Selector:
    return lambda node: (child for selector in selectors for child in selector(node))


def _matching(alternatives: list[list[Callable[[Any], bool]]]) -> Selector:
    return lambda node: (
        (node,) if any(all(holds(node) for holds in every) for every in alternatives) else ()
    )
