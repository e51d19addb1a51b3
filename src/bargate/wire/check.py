"""Checks parameters against the constraints of a model: required, min, max, pattern, enum.

A checker is compiled once for each input shape. It notes violations with AWS's paths:
`userName`, `tags.1.member.key`, `putIntegrationInput.type`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import protocols
from bargate.wire.pattern import Pattern
from bargate.wire.violations import DEFAULT_STYLE, STYLES, Style, Violations, is_secret, shown

if TYPE_CHECKING:
    from botocore.model import Shape

    from bargate.wire.find import Found
    from bargate.wire.protocol import Params

Check: TypeAlias = Callable[[Any, str, Violations], None]

NOT_NULL = "Member must not be null"
_MEASURED = {"string", "character", "blob", "list", "map"}


def check_request(found: Found, params: Params) -> None:
    """Check the parameters of a found operation; raises AwsError with all violations."""
    if found.operation.input_shape is not None:
        check(params, found.operation.input_shape, found.service)


def check(params: Params, shape: Shape, service: str | None = None) -> None:
    """Check parameters against a shape; raises AwsError with all violations.

    `service` chooses the error's code and the style of its paths (`violations.STYLES`).
    """
    style = DEFAULT_STYLE if service is None else STYLES.get(service, DEFAULT_STYLE)
    violations = Violations()
    _compiled(shape, style)(params, "", violations)
    if violations.sentences:
        raise violations.error(style)


@lru_cache(maxsize=protocols.MAX_COMPILED)
def _compiled(shape: Shape, style: Style) -> Check:
    prefix = _input_name(shape.name) if style.names_input else ""
    return _Checks().input(shape, prefix)


class _Checks:
    """Compiles checkers; a structure that holds itself is compiled once."""

    def __init__(self) -> None:
        self._structures: dict[str, Check] = {}

    def input(self, shape: Shape, body_prefix: str) -> Check:
        """Compile the check of a whole input; members of the body are below `body_prefix`."""
        paths = {}
        for name, member in shape.members.items():
            located = "location" in member.serialization
            paths[name] = _lower(name) if located or not body_prefix else _at(body_prefix, name)
        return self._members(shape, lambda _path, name: paths[name])

    def _checker(self, shape: Shape, name: str) -> Check | None:
        """Compile the check of a value, None where nothing about it is constrained."""
        kind = shape.type_name
        own = _constraints(shape, name)
        if kind == "structure":
            return self._structure(shape)
        if kind == "list":
            return _both(own, self._list(shape, name))
        if kind == "map":
            return _both(own, self._map(shape, name))
        return own

    def _structure(self, shape: Shape) -> Check | None:
        if shape.is_document_type:
            return None
        if shape.name not in self._structures:
            self._structures[shape.name] = self._again(shape.name)
            self._structures[shape.name] = self._members(shape, _at)
        return self._structures[shape.name]

    def _again(self, name: str) -> Check:
        """Give what stands for a structure inside itself: it looks the real check up."""

        def run(value: Any, path: str, found: Violations) -> None:
            self._structures[name](value, path, found)

        return run

    def _members(self, shape: Shape, at: Callable[[str, str], str]) -> Check:
        required = list(shape.required_members)
        members = {}
        for name, member in shape.members.items():
            check_member = self._checker(member, name)
            if check_member is not None:
                members[name] = check_member

        def run(value: Any, path: str, found: Violations) -> None:
            for name in required:
                if value.get(name) is None:
                    found.add(at(path, name), " null", NOT_NULL)
            for name, each in value.items():
                if name in members and each is not None:
                    members[name](each, at(path, name), found)

        return run

    def _list(self, shape: Shape, name: str) -> Check | None:
        check_member = self._checker(shape.member, name)
        if check_member is None:
            return None

        def run(value: Any, path: str, found: Violations) -> None:
            for number, each in enumerate(value, 1):
                if found.is_full:
                    return
                check_member(each, f"{path}.{number}.member", found)

        return run

    def _map(self, shape: Shape, name: str) -> Check | None:
        check_key = self._checker(shape.key, name)
        check_value = self._checker(shape.value, name)
        if check_key is None and check_value is None:
            return None

        def run(value: Any, path: str, found: Violations) -> None:
            for key, each in value.items():
                if found.is_full:
                    return
                if check_key is not None:
                    check_key(key, path, found)
                if check_value is not None:
                    check_value(each, f"{path}.{key}.member", found)

        return run


def _constraints(shape: Shape, name: str) -> Check | None:
    """Compile a shape's own constraints, in the order that AWS tells them."""
    rules = [*_bounds(shape), *_words(shape)]
    if not rules:
        return None
    secret = is_secret(shape, name)

    def run(value: Any, path: str, found: Violations) -> None:
        for holds, sentence in rules:
            if not holds(value):
                found.add(path, shown(value, secret=secret), sentence)

    return run


Rule: TypeAlias = tuple[Callable[[Any], bool], str]


def _bounds(shape: Shape) -> list[Rule]:
    """Compile min and max: of a length where there is one, else of the number itself."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    measured = shape.type_name in _MEASURED
    size: Callable[[Any], Any] = len if measured else _same
    noun = "length" if measured else "value"
    rules: list[Rule] = []
    if low is not None:
        text = f"Member must have {noun} greater than or equal to {low}"
        rules.append((lambda value: bool(size(value) >= low), text))
    if high is not None:
        text = f"Member must have {noun} less than or equal to {high}"
        rules.append((lambda value: bool(size(value) <= high), text))
    return rules


def _words(shape: Shape) -> list[Rule]:
    """Compile enum and pattern, which are strings' alone."""
    if shape.type_name != "string":
        return []
    rules: list[Rule] = []
    words, source = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if words:
        allowed = frozenset(words)
        text = f"Member must satisfy enum value set: [{', '.join(words)}]"
        rules.append((lambda value: value in allowed, text))
    if source is not None:
        pattern = Pattern(source)
        text = f"Member must satisfy regular expression pattern: {source}"
        rules.append((pattern.matches, text))
    return rules


def _both(first: Check | None, second: Check | None) -> Check | None:
    if first is None or second is None:
        return first or second

    def run(value: Any, path: str, found: Violations) -> None:
        first(value, path, found)
        second(value, path, found)

    return run


def _at(path: str, name: str) -> str:
    return f"{path}.{_lower(name)}" if path else _lower(name)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _input_name(shape_name: str) -> str:
    """Give what API Gateway calls a body: PutIntegrationRequest is putIntegrationInput [R]."""
    return _lower(shape_name.removesuffix("Request")) + "Input"


def _same(value: Any) -> Any:
    return value
