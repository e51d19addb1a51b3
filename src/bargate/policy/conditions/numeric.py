"""Numeric operators: whole and decimal numbers, compared exactly; no policy variables."""

import operator
import re
from decimal import Decimal

from bargate.policy.conditions.ordering import ordering_rule
from bargate.policy.request import AccessRequest

_NUMBER = re.compile(r"[+-]?[0-9]{1,64}(?:\.[0-9]{1,64})?")
_EXPECTED = "a number such as 42 or 0.5"


def parse_number(text: str) -> Decimal | None:
    """Read a number; None for anything else, exponents, infinities and separators included."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _requested(text: str, _request: AccessRequest) -> Decimal | None:
    return parse_number(text)


EQUALS = ordering_rule(parse_number, _requested, operator.eq, _EXPECTED)
NOT_EQUALS = ordering_rule(parse_number, _requested, operator.eq, _EXPECTED, negated=True)
LESS_THAN = ordering_rule(parse_number, _requested, operator.lt, _EXPECTED)
LESS_THAN_EQUALS = ordering_rule(parse_number, _requested, operator.le, _EXPECTED)
GREATER_THAN = ordering_rule(parse_number, _requested, operator.gt, _EXPECTED)
GREATER_THAN_EQUALS = ordering_rule(parse_number, _requested, operator.ge, _EXPECTED)
