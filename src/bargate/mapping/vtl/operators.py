"""Operators of template expressions: their names, how strongly they bind, what they compute."""

from typing import Any

from bargate.mapping.vtl.limits import UnknownElement
from bargate.mapping.vtl.run import Expression
from bargate.mapping.vtl.values import calculate, compare, equal, is_true

_OPERATOR_NAMES = {
    "gt": ">",
    "lt": "<",
    "ge": ">=",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "and": "&&",
    "or": "||",
}
# Binding strength of operators (Velocity's grammar), weakest first.
_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))


def operator_of(element: Any) -> str:
    """Give the sign of an operator element, whatever it was called in the template."""
    text: str = element.my_text().strip()
    return _OPERATOR_NAMES.get(text, text)


def by_level(operands: list[Expression], operators: list[str], level: int = 0) -> Expression:
    """Join operands by the strength of what stands between them, from `level` of _LEVELS on.

    Raises UnknownElement for an operator that Velocity does not have.
    """
    if not operators:
        return operands[0]
    if level == len(_LEVELS):
        raise UnknownElement(f"the operator {operators[0]!r}")
    splits = [at for at, operator in enumerate(operators) if operator in _LEVELS[level]]
    if not splits:
        return by_level(operands, operators, level + 1)
    result = by_level(operands[: splits[0] + 1], operators[: splits[0]], level + 1)
    for at, end in zip(splits, [*splits[1:], len(operators)], strict=True):
        right = by_level(operands[at + 1 : end + 1], operators[at + 1 : end], level + 1)
        result = _binary(operators[at], result, right)
    return result


def _binary(operator: str, left: Expression, right: Expression) -> Expression:
    if operator == "&&":
        return lambda run: is_true(left(run)) and is_true(right(run))
    if operator == "||":
        return lambda run: is_true(left(run)) or is_true(right(run))
    if operator == "==":
        return lambda run: equal(left(run), right(run), run.budget)
    if operator == "!=":
        return lambda run: not equal(left(run), right(run), run.budget)
    if operator in _LEVELS[3]:
        return lambda run: compare(operator, left(run), right(run))
    return lambda run: calculate(operator, left(run), right(run), run.budget)
