"""The shape of a condition operator."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from bargate.policy.request import AccessRequest
from bargate.wildcard import TextTest

RequestTest: TypeAlias = Callable[[AccessRequest], object]


class ValueTest(Struct, frozen=True, eq=False):
    """The answer to: does one value of the request match any value of the policy.

    Quicker ways to the same answer: `alone`, where the value is enough; `over` gives the test of
    a key that may have one value, of its name and of what holds when it is absent.
    """

    matches: Callable[[str, AccessRequest], object]
    alone: TextTest | None = None
    over: Callable[[str, bool], RequestTest] | None = None


def value_alone(test: TextTest) -> ValueTest:
    """Make the test of an operator that does not need the request."""
    return ValueTest(lambda value, _request: test(value), test)


class OperatorRule(Struct, frozen=True, kw_only=True):
    """How one operator reads its policy values and compares.

    `problem` says what is wrong with a policy value, None when it is right. `compile` takes the
    values, already found right, and whether `${}` is special in this policy. `negated` operators
    compile to the positive test; whoever combines values turns it round.
    """

    problem: Callable[[str], str | None]
    compile: Callable[[tuple[str, ...], bool], ValueTest]
    negated: bool = False
    takes_variables: bool = False
