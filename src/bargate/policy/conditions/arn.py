"""ARN operators: six segments compared one by one, case-sensitively, each with wildcards."""

from msgspec import structs

from bargate.arn import SEGMENTS, compile_arn_segments
from bargate.policy.conditions.rule import OperatorRule, ValueTest, value_alone
from bargate.policy.request import AccessRequest
from bargate.policy.variables import (
    Template,
    constant_pattern,
    is_constant,
    parse_template,
    resolve,
    split_arn,
)
from bargate.wildcard import wildcards_match


def arn_problem(value: str) -> str | None:
    """Say what is wrong with a value that has not the shape of an ARN."""
    segments = value.split(":", SEGMENTS - 1)
    if len(segments) == SEGMENTS and segments[0] == "arn":
        return None
    return (
        f"{value!r} is not an ARN of six segments: arn:partition:service:region:account:resource."
    )


def compile_like(values: tuple[str, ...], variables: bool) -> ValueTest:  # noqa: FBT001 shape of OperatorRule.compile
    """Compile ArnLike, which ArnEquals is another name for (AWS [D] iam-sts §4)."""
    arns = [split_arn(parse_template(v, variables=variables, wildcards=True)) for v in values]
    constants = tuple(
        compile_arn_segments(tuple(map(constant_pattern, arn)))
        for arn in arns
        if len(arn) == SEGMENTS and all(map(is_constant, arn))
    )
    varying = tuple(arn for arn in arns if not all(map(is_constant, arn)))
    if not varying and len(constants) == 1:
        return value_alone(constants[0])

    def test(value: str, request: AccessRequest) -> bool:
        return any(matches(value) for matches in constants) or any(
            _resolved_matches(segments, value, request) for segments in varying
        )

    return ValueTest(test)


def _resolved_matches(templates: tuple[Template, ...], value: str, request: AccessRequest) -> bool:
    segments = value.split(":", SEGMENTS - 1)
    if len(segments) != len(templates):
        return False
    return all(
        (pattern := resolve(template, request.get)) is not None
        and wildcards_match(pattern, segment)
        for template, segment in zip(templates, segments, strict=True)
    )


LIKE = OperatorRule(problem=arn_problem, compile=compile_like, takes_variables=True)
NOT_LIKE = structs.replace(LIKE, negated=True)
