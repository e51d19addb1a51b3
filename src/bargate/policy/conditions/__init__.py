"""Condition operators: one file a family, and the one table that names them all.

    Condition ──► OPERATORS[name] ──► test of one value ──► over_key ──► test of a request

An operator that is not in the table is refused when a policy is read. To add one: a rule beside
its family, a line here.
"""

from types import MappingProxyType

from bargate.policy.conditions import arn, binary, boolean, date, ip, null, numeric, string
from bargate.policy.conditions.quantifier import over_key
from bargate.policy.conditions.rule import OperatorRule, RequestTest
from bargate.policy.document import Condition

OPERATORS: MappingProxyType[str, OperatorRule] = MappingProxyType(
    {
        "StringEquals": string.EQUALS,
        "StringNotEquals": string.NOT_EQUALS,
        "StringEqualsIgnoreCase": string.EQUALS_IGNORE_CASE,
        "StringNotEqualsIgnoreCase": string.NOT_EQUALS_IGNORE_CASE,
        "StringLike": string.LIKE,
        "StringNotLike": string.NOT_LIKE,
        "NumericEquals": numeric.EQUALS,
        "NumericNotEquals": numeric.NOT_EQUALS,
        "NumericLessThan": numeric.LESS_THAN,
        "NumericLessThanEquals": numeric.LESS_THAN_EQUALS,
        "NumericGreaterThan": numeric.GREATER_THAN,
        "NumericGreaterThanEquals": numeric.GREATER_THAN_EQUALS,
        "DateEquals": date.EQUALS,
        "DateNotEquals": date.NOT_EQUALS,
        "DateLessThan": date.LESS_THAN,
        "DateLessThanEquals": date.LESS_THAN_EQUALS,
        "DateGreaterThan": date.GREATER_THAN,
        "DateGreaterThanEquals": date.GREATER_THAN_EQUALS,
        "Bool": boolean.BOOL,
        "BinaryEquals": binary.EQUALS,
        "IpAddress": ip.IP_ADDRESS,
        "NotIpAddress": ip.NOT_IP_ADDRESS,
        "ArnEquals": arn.LIKE,
        "ArnLike": arn.LIKE,
        "ArnNotEquals": arn.NOT_LIKE,
        "ArnNotLike": arn.NOT_LIKE,
        "Null": null.NULL,
    }
)


def compile_condition(condition: Condition, *, variables: bool) -> RequestTest:
    """Compile one condition; `variables` says whether the policy's version has `${}`."""
    key = condition.key.lower()
    if condition.operator.name == "Null":
        return null.compile_presence(key, condition.values)
    rule = OPERATORS[condition.operator.name]
    test = rule.compile(condition.values, variables and rule.takes_variables)
    return over_key(condition.operator, key, test, negated=rule.negated)
