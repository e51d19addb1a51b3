"""Compile Action and Resource, with their Not forms, to tests of a request."""

import re
from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from bargate.arn import SEGMENTS, compile_arn_segments, fold_arn
from bargate.policy.conditions.rule import RequestTest
from bargate.policy.document import Element
from bargate.policy.kind import RULES, PolicyKind
from bargate.policy.request import AccessRequest
from bargate.policy.variables import (
    Template,
    constant_pattern,
    is_constant,
    parse_template,
    resolve,
    split_arn,
)
from bargate.wildcard import Pattern, TextTest, Wild, compile_wildcards, tokenize, wildcards_match

Fit: TypeAlias = Callable[[AccessRequest], bool | None]
"""Does the request's resource fit; None when a variable is missing."""


def compile_action(element: Element) -> TextTest | None:
    """Compile to a test of a lower-case action, None when every action passes."""
    if element.values == ("*",) and not element.negated:
        return None
    patterns = [tokenize(value.lower()) for value in element.values]
    exact = frozenset(v.lower() for v in element.values if "*" not in v and "?" not in v)
    tests = tuple(
        compile_wildcards(pattern)
        for pattern in patterns
        if Wild.ANY in pattern or Wild.ONE in pattern
    )
    if element.negated:
        return lambda action: not (action in exact or any(test(action) for test in tests))
    if not tests:
        return lambda action: action in exact
    return lambda action: action in exact or any(test(action) for test in tests)


def compile_resource(
    element: Element, kind: PolicyKind, *, variables: bool, deny: bool
) -> RequestTest | None:
    """Compile to a test of a request, None when every resource passes."""
    if "*" in element.values:
        return (lambda _request: False) if element.negated else None
    arns = [arn for v in element.values if (arn := _segments(v, kind, variables=variables))]
    constants = tuple(_compile_constant(arn) for arn in arns if all(map(is_constant, arn)))
    varying = tuple(_compile_varying(arn) for arn in arns if not all(map(is_constant, arn)))
    if element.negated:
        return _not_resource(constants, varying, deny=deny)
    if varying:
        return lambda request: (
            any(test(request.resource) for test in constants)
            or any(fits(request) for fits in varying)
        )
    if len(constants) == 1:
        (only,) = constants
        return lambda request: only(request.resource)
    return lambda request: any(test(request.resource) for test in constants)


class Reach(Enum):
    """How many of the ARNs with a given start an element matches, as far as can be told."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


def reach_of(element: Element, start: str) -> Reach:
    """Tell how far Resource reaches among ARNs that begin with `start`; NotResource: SOME."""
    if element.negated:
        return Reach.SOME
    reaches = {_reach(value, start) for value in element.values}
    return next(reach for reach in (Reach.ALL, Reach.SOME, Reach.NONE) if reach in reaches)


def _reach(value: str, start: str) -> Reach:
    """Compare the literal beginning of a value with `start`."""
    if value.count(":") < SEGMENTS - 1:
        return Reach.SOME
    folded = fold_arn(value)
    literal = _LITERAL.match(folded)[0]  # type: ignore[index]  # it matches the empty text too
    if not (start.startswith(literal) or literal.startswith(start)):
        # Wildcards begin later: whatever they stand for, the beginnings differ.
        return Reach.NONE
    is_prefix = folded == f"{literal}*" and literal.count(":") >= SEGMENTS - 1
    return Reach.ALL if is_prefix and start.startswith(literal) else Reach.SOME


_LITERAL = re.compile(r"[^*?$]*")


def _not_resource(
    constants: tuple[TextTest, ...], varying: tuple[Fit, ...], *, deny: bool
) -> RequestTest:
    def applies(request: AccessRequest) -> bool:
        if any(test(request.resource) for test in constants):
            return False
        fits = [fit(request) for fit in varying]
        # [I] What a missing variable would have excluded is unknown: a Deny covers it, an Allow
        # does not.
        return deny if None in fits and True not in fits else True not in fits

    return applies


def _segments(text: str, kind: PolicyKind, *, variables: bool) -> tuple[Template, ...] | None:
    """Split a Resource into six templates; None when it can never match (iam-sts §3, short)."""
    template = parse_template(text, variables=variables, wildcards=True)
    arn = split_arn(template)
    if len(arn) == SEGMENTS:
        return arn
    has_wildcard = Wild.ANY in template or Wild.ONE in template
    if RULES[kind].short_arn == "pad_wildcard" and not has_wildcard:
        return None
    return (*arn, *((Wild.ANY,),) * (SEGMENTS - len(arn)))


def _compile_constant(arn: tuple[Template, ...]) -> TextTest:
    return compile_arn_segments((*_folded_head(arn), constant_pattern(arn[-1])))


def _compile_varying(arn: tuple[Template, ...]) -> Fit:
    head = compile_arn_segments((*_folded_head(arn), (Wild.ANY,)))

    def fits(request: AccessRequest) -> bool | None:
        pattern = resolve(arn[-1], request.get)
        if pattern is None:
            return None
        resource = request.resource
        return bool(head(resource)) and wildcards_match(
            pattern, resource.split(":", SEGMENTS - 1)[-1]
        )

    return fits


def _folded_head(arn: tuple[Template, ...]) -> list[Pattern]:
    """Lower-case all but the resource part, as `fold_arn` does with a request's resource."""
    return [
        tuple(t.lower() if isinstance(t, str) else t for t in constant_pattern(segment))
        for segment in arn[:-1]
    ]
