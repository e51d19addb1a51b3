"""From one value to a whole key: absent keys, `IfExists`, `ForAllValues` and `ForAnyValue`.

AWS [D] iam-sts §4:

| the key is | plain operator | ForAllValues | ForAnyValue |
|---|---|---|---|
| absent or empty | false; negated or IfExists: true | true | false; IfExists: true |
| one value | matches | matches | matches |
| several values | **never** | all match | at least one matches |
"""

from collections.abc import Callable
from typing import TypeAlias

from bargate.policy.conditions.rule import RequestTest, ValueTest
from bargate.policy.document import Operator
from bargate.policy.request import AccessRequest
from bargate.policy.variables import ContextValue
from bargate.wildcard import TextTest

Matches: TypeAlias = Callable[[str, AccessRequest], object]


def over_key(operator: Operator, key: str, test: ValueTest, *, negated: bool) -> RequestTest:
    """Lift a test of one value to the key `key` (lower case)."""
    if operator.quantifier == "ForAllValues":
        return _for_all_values(key, test.matches, negated=negated)
    if operator.quantifier == "ForAnyValue":
        return _for_any_value(key, test.matches, negated=negated, absent=operator.if_exists)
    if negated:
        return _negated(key, test.matches)
    if test.over is not None:
        return test.over(key, operator.if_exists)
    if test.alone is not None:
        return _positive_alone(key, test.alone, absent=operator.if_exists)
    return _positive(key, test.matches, absent=operator.if_exists)


def _positive_alone(key: str, alone: TextTest, *, absent: bool) -> RequestTest:
    def holds(request: AccessRequest) -> object:
        value = request.get(key)
        if isinstance(value, str):
            return alone(value)
        return absent and not value

    return holds


def _positive(key: str, matches: Matches, *, absent: bool) -> RequestTest:
    def holds(request: AccessRequest) -> object:
        value = request.get(key)
        if isinstance(value, str):
            return matches(value, request)
        return absent and not value

    return holds


def _negated(key: str, matches: Matches) -> RequestTest:
    def holds(request: AccessRequest) -> object:
        value = request.get(key)
        if isinstance(value, str):
            return not matches(value, request)
        return not value

    return holds


def _for_all_values(key: str, matches: Matches, *, negated: bool) -> RequestTest:
    def holds(request: AccessRequest) -> bool:
        values = _values(request.get(key))
        return all(bool(matches(value, request)) is not negated for value in values)

    return holds


def _for_any_value(key: str, matches: Matches, *, negated: bool, absent: bool) -> RequestTest:
    def holds(request: AccessRequest) -> bool:
        values = _values(request.get(key))
        if not values:
            return absent
        return any(bool(matches(value, request)) is not negated for value in values)

    return holds


def _values(value: ContextValue) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value
