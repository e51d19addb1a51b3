"""What numbers and dates share: values that are read, then compared."""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from bargate.policy.conditions.rule import OperatorRule, ValueTest
from bargate.policy.request import AccessRequest

Ordered = TypeVar("Ordered", int, Decimal)


def ordering_rule(
    read: Callable[[str], Ordered | None],
    read_requested: Callable[[str, AccessRequest], Ordered | None],
    relation: Callable[[Ordered, Ordered], bool],
    expected: str,
    *,
    negated: bool = False,
) -> OperatorRule:
    """Make an operator that holds when `relation(requested, policy value)` does.

    A requested value that cannot be read matches nothing; `expected` completes "is not …".
    """

    def problem(value: str) -> str | None:
        return None if read(value) is not None else f"{value!r} is not {expected}."

    def compile_ordering(values: tuple[str, ...], _variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
        limits = [limit for value in values if (limit := read(value)) is not None]

        def test(value: str, request: AccessRequest) -> bool:
            requested = read_requested(value, request)
            return requested is not None and any(relation(requested, limit) for limit in limits)

        return ValueTest(test)

    return OperatorRule(problem=problem, compile=compile_ordering, negated=negated)
