"""Check a Resource: an ARN pattern or `*`, and what each kind of policy makes of a short one."""

from bargate.arn import SEGMENTS
from bargate.policy.kind import RULES, PolicyKind
from bargate.policy.refusal import Place
from bargate.policy.variables import (
    MalformedVariable,
    Template,
    Variable,
    is_constant,
    parse_template,
    split_arn,
)
from bargate.wildcard import Wild

PARTITIONS = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"}
)
_MINIMUM_SEGMENTS = 3


def check_resource(text: str, kind: PolicyKind, place: Place, *, variables: bool) -> None:
    """Refuse what AWS refuses in a Resource or NotResource. Raises MalformedPolicy."""
    if text == "*":
        return
    try:
        segments = split_arn(parse_template(text, variables=variables, wildcards=True))
    except MalformedVariable as error:
        raise place.syntax(str(error)) from error
    # Texts of IAM. [R]
    if len(segments) < 2 or segments[0] != ("arn",):  # noqa: PLR2004 arn: and something
        raise place.message(
            f'Resource {text} must be in ARN format or "*".',
            "Write arn:partition:service:region:account:resource.",
        )
    _check_partition(text, segments[1], place)
    if len(segments) < _MINIMUM_SEGMENTS or not _is_word(segments[2]):
        raise place.message(
            "Resource vendor must be fully qualified and cannot contain regexes.",
            "Write the service out, e.g. execute-api.",
        )
    if not all(map(is_constant, segments[: SEGMENTS - 1])):
        raise place.syntax("Policy variables are supported after the fifth colon of an ARN only.")
    if len(segments) < SEGMENTS:
        _check_short(text, kind, place)


def _check_partition(text: str, partition: Template, place: Place) -> None:
    if Wild.ANY in partition or Wild.ONE in partition:
        return
    if not _is_word(partition) or str(partition[0]) not in PARTITIONS:
        name = "" if not partition else str(partition[0])
        segments = [*text.split(":", SEGMENTS - 1)[2:], "*", "*", "*", "*"][: SEGMENTS - 2]
        raise place.message(
            f'Partition "{name}" is not valid for resource "arn:{name}:{":".join(segments)}".',
            f"Partitions are {', '.join(sorted(PARTITIONS))}.",
        )


def _is_word(segment: Template) -> bool:
    return len(segment) == 1 and not isinstance(segment[0], Wild | Variable)


def _check_short(text: str, kind: PolicyKind, place: Place) -> None:
    rule = RULES[kind].short_arn
    if rule == "refuse" or (rule == "trailing_wildcard" and not text.endswith("*")):
        raise place.syntax(
            f"{text!r} has fewer than six segments: arn:partition:service:region:account:resource."
        )
    if rule == "pad" and "::" in text:
        raise place.message(
            "The policy failed legacy parsing", f"{text!r} has fewer than six segments."
        )
