"""BinaryEquals: base64 texts, compared by the bytes they stand for; no policy variables."""

import base64
import binascii

from bargate.policy.conditions.rule import OperatorRule, ValueTest, value_alone


def parse_base64(text: str) -> bytes | None:
    """Decode base64 strictly, None when it is not."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def base64_problem(value: str) -> str | None:
    """Say what is wrong with a value that is no base64."""
    return None if parse_base64(value) is not None else f"{value!r} is not base64."


def compile_equals(values: tuple[str, ...], _variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile BinaryEquals."""
    wanted = frozenset(parse_base64(value) for value in values) - {None}
    return value_alone(lambda value: parse_base64(value) in wanted)


EQUALS = OperatorRule(problem=base64_problem, compile=compile_equals)
