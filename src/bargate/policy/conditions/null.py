"""Null: `true` asks that the key is absent, `false` that it is present."""

from bargate.policy.conditions.boolean import boolean_problem
from bargate.policy.conditions.rule import OperatorRule, RequestTest, ValueTest


def compile_presence(key: str, values: tuple[str, ...]) -> RequestTest:
    """Compile Null over a key; one with no values counts as absent ([I])."""
    wanted = frozenset(value.lower() == "true" for value in values)
    return lambda request: (request.get(key) in (None, ())) in wanted


def _never(_values: tuple[str, ...], _variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    return ValueTest(lambda _value, _request: False)


# Values of the key play no part, so the value test is never asked: see `compile_presence`.
NULL = OperatorRule(problem=boolean_problem, compile=_never)
