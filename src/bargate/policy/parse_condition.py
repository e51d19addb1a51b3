"""Read the Condition element: operators, keys and values, each checked for what it may hold."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from bargate.policy.conditions import OPERATORS
from bargate.policy.conditions.rule import OperatorRule
from bargate.policy.document import Condition, Operator, Quantifier
from bargate.policy.refusal import Place
from bargate.policy.variables import MalformedVariable, is_constant, parse_template

_KEY = re.compile(r"[^\s:]+:[^:].*", re.DOTALL)
_QUANTIFIERS: tuple[Quantifier, ...] = ("ForAllValues", "ForAnyValue")


def parse_conditions(written: object, place: Place, *, variables: bool) -> tuple[Condition, ...]:
    """Read all conditions of a statement. Raises MalformedPolicy."""
    if not isinstance(written, Mapping):
        raise place.syntax("Condition is a JSON object: operator to key to values.")
    return tuple(
        condition
        for name, block in written.items()
        for condition in _block(str(name), block, place.at(str(name)), variables=variables)
    )


def parse_operator(text: str) -> Operator | None:
    """Take an operator's name apart; None when there is none of that name."""
    quantifier = next((q for q in _QUANTIFIERS if text.startswith(f"{q}:")), None)
    name = text.removeprefix(f"{quantifier}:")
    base = name.removesuffix("IfExists")
    if base not in OPERATORS or (base == "Null" and base != name):
        return None
    return Operator(base, quantifier, if_exists=base != name)


def _block(name: str, block: object, place: Place, *, variables: bool) -> Iterator[Condition]:
    operator = parse_operator(name)
    if operator is None:
        reason = (
            "Null does not take the suffix IfExists."
            if name.endswith("NullIfExists")
            else f"There is no operator {name!r}."
        )
        raise place.invalid("operator", reason, value=name)
    if not isinstance(block, Mapping):
        raise place.syntax("Under an operator stands a JSON object: key to values.")
    seen: set[str] = set()
    for key, values in block.items():
        key_place = place.at(str(key))
        _check_key(key, seen, key_place)
        yield Condition(operator, key, _values(values, operator, key_place, variables=variables))


def _check_key(key: object, seen: set[str], place: Place) -> None:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise place.message(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            f"{key!r} is not a condition key: write service:key.",
        )
    if key.lower() in seen:
        raise place.syntax(f"{key!r} stands here in different capitals before.")
    seen.add(key.lower())


def _values(
    written: object, operator: Operator, place: Place, *, variables: bool
) -> tuple[str, ...]:
    rule = OPERATORS[operator.name]
    with_variables = variables and rule.takes_variables
    if not isinstance(written, list | tuple):
        return (_value(written, rule, place, variables=with_variables),)
    if not written:
        raise place.syntax("Write a value or a list of at least one.")
    return tuple(
        _value(value, rule, place.at(str(index)), variables=with_variables)
        for index, value in enumerate(written)
    )


def _value(written: object, rule: OperatorRule, place: Place, *, variables: bool) -> str:
    text = _text(written)
    if text is None:
        raise place.syntax("A condition value is a text, a number, true or false.")
    try:
        template = parse_template(text, variables=variables, wildcards=False)
    except MalformedVariable as error:
        raise place.syntax(str(error)) from error
    # Only the request shows what a variable stands for, so such a value is judged then.
    problem = rule.problem(text) if is_constant(template) else None
    if problem:
        raise place.invalid("condition_value", problem)
    return text


def _text(written: object) -> str | None:
    match written:
        case str():
            return written
        case bool():
            return "true" if written else "false"
        case int():
            return str(written)
        case float():
            return format(Decimal(repr(written)), "f")
    return None
