"""String operators. Only the `Like` forms have wildcards; all take policy variables."""

from msgspec import structs

from bargate.policy.conditions.rule import OperatorRule, ValueTest, value_alone
from bargate.policy.request import AccessRequest
from bargate.policy.variables import (
    Template,
    constant_pattern,
    is_constant,
    parse_template,
    resolve,
    resolve_text,
)
from bargate.wildcard import compile_wildcards, wildcards_match


def any_text(_value: str) -> None:
    """Find nothing wrong: every text is a string."""


def compile_equals(values: tuple[str, ...], variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile StringEquals: exact and case-sensitive."""
    constants, varying = _split(values, variables=variables)
    if not varying:
        return value_alone(constants.__contains__)

    def test(value: str, request: AccessRequest) -> bool:
        return value in constants or any(resolve_text(t, request.get) == value for t in varying)

    return ValueTest(test)


def compile_equals_ignore_case(values: tuple[str, ...], variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile StringEqualsIgnoreCase."""
    constants, varying = _split(values, variables=variables)
    folded_constants = frozenset(map(str.lower, constants))

    def test(value: str, request: AccessRequest) -> bool:
        folded = value.lower()
        return folded in folded_constants or any(
            (text := resolve_text(template, request.get)) is not None and text.lower() == folded
            for template in varying
        )

    return ValueTest(test)


def compile_like(values: tuple[str, ...], variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile StringLike: `*` and `?` in the policy's text are wildcards, in variables not."""
    templates = [parse_template(v, variables=variables, wildcards=True) for v in values]
    constants = tuple(compile_wildcards(constant_pattern(t)) for t in templates if is_constant(t))
    varying = tuple(t for t in templates if not is_constant(t))
    if not varying and len(constants) == 1:
        return value_alone(constants[0])

    def test(value: str, request: AccessRequest) -> bool:
        return any(matches(value) for matches in constants) or any(
            _resolved_matches(template, value, request) for template in varying
        )

    return ValueTest(test)


def _split(
    values: tuple[str, ...], *, variables: bool
) -> tuple[frozenset[str], tuple[Template, ...]]:
    """Tell texts that are known now from those that need the request."""
    templates = [parse_template(v, variables=variables, wildcards=False) for v in values]
    constants = frozenset("".join(map(str, t)) for t in templates if is_constant(t))
    return constants, tuple(t for t in templates if not is_constant(t))


def _resolved_matches(template: Template, value: str, request: AccessRequest) -> bool:
    pattern = resolve(template, request.get)
    return pattern is not None and wildcards_match(pattern, value)


EQUALS = OperatorRule(problem=any_text, compile=compile_equals, takes_variables=True)
NOT_EQUALS = structs.replace(EQUALS, negated=True)
EQUALS_IGNORE_CASE = OperatorRule(
    problem=any_text, compile=compile_equals_ignore_case, takes_variables=True
)
NOT_EQUALS_IGNORE_CASE = structs.replace(EQUALS_IGNORE_CASE, negated=True)
LIKE = OperatorRule(problem=any_text, compile=compile_like, takes_variables=True)
NOT_LIKE = structs.replace(LIKE, negated=True)
