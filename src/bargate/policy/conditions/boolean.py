"""Bool: `true` or `false`, whatever their case; policy variables allowed (AWS [D])."""

from collections.abc import Iterator
from itertools import product

from bargate.policy.conditions.rule import OperatorRule, ValueTest, value_alone
from bargate.policy.variables import is_constant, parse_template, resolve_text

BOOLEANS = frozenset({"true", "false"})


def boolean_problem(value: str) -> str | None:
    """Say what is wrong with a value that is no boolean."""
    return None if value.lower() in BOOLEANS else f"{value!r} is not true or false."


def compile_bool(values: tuple[str, ...], variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile Bool; a requested value that is no boolean matches nothing."""
    templates = [parse_template(v, variables=variables, wildcards=False) for v in values]
    constants = frozenset(s for t in templates if is_constant(t) for s in _spellings(str(t[0])))
    varying = tuple(t for t in templates if not is_constant(t))
    if not varying:
        return value_alone(constants.__contains__)
    return ValueTest(
        lambda value, request: (
            value in constants
            or (
                value.lower() in BOOLEANS
                and any(
                    (resolve_text(template, request.get) or "").lower() == value.lower()
                    for template in varying
                )
            )
        )
    )


def _spellings(word: str) -> Iterator[str]:
    """Give a word in all combinations of capitals: a look-up then needs no folding."""
    return map("".join, product(*zip(word.lower(), word.upper(), strict=True)))


BOOL = OperatorRule(problem=boolean_problem, compile=compile_bool, takes_variables=True)
