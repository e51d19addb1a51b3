"""Amazon Resource Names: parse, format, and match segment by segment.

    arn:partition:service:region:account:resource

A pattern is matched per segment: `*` in one of the first five never crosses a colon, while in the
resource part it spans slashes and further colons (AWS [D] iam-sts §3).
"""

import re
from operator import methodcaller

from msgspec import Struct

from bargate.wildcard import Pattern, TextTest, Wild, regex_of, tokenize, wildcards_match

SEGMENTS = 6


class MalformedArn(ValueError):
    """A text is not an ARN."""


class Arn(Struct, frozen=True):
    """A complete ARN; `region` and `account` may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def format(self) -> str:
        """Write the ARN as text."""
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    def __str__(self) -> str:
        return self.format()


def parse_arn(text: str) -> Arn:
    """Read an ARN.

    Raises MalformedArn when a segment is missing or partition, service or resource is empty.
    """
    segments = text.split(":", SEGMENTS - 1)
    if len(segments) != SEGMENTS or segments[0] != "arn":
        raise MalformedArn(f"{text!r} is not an ARN: arn:partition:service:region:account:resource")
    arn = Arn(*segments[1:])
    if not (arn.partition and arn.service and arn.resource):
        raise MalformedArn(f"{text!r} is not an ARN: partition, service or resource is empty")
    return arn


def fold_arn(text: str) -> str:
    """Lower-case all but the resource part.

    AWS [O] iam-sts §3: only the resource part of a `Resource` is matched case-sensitively.
    """
    segments = text.split(":", SEGMENTS - 1)
    if len(segments) != SEGMENTS:
        return text
    resource = segments[-1]
    return text[: len(text) - len(resource)].lower() + resource


def arn_segments(pattern: str) -> tuple[Pattern, ...] | None:
    """Split an ARN pattern into six patterns, None when it has fewer segments."""
    segments = pattern.split(":", SEGMENTS - 1)
    return tuple(map(tokenize, segments)) if len(segments) == SEGMENTS else None


def arn_matches(pattern: str, arn: str) -> bool:
    """Match `arn` against `pattern`, segment by segment and case-sensitively."""
    patterns = arn_segments(pattern)
    segments = arn.split(":", SEGMENTS - 1)
    if patterns is None or len(segments) != SEGMENTS:
        return False
    return all(map(wildcards_match, patterns, segments))


def compile_arn_segments(segments: tuple[Pattern, ...]) -> TextTest:
    """Compile six segment patterns to the cheapest test: exact, prefix or one expression."""
    head, resource = segments[:-1], segments[-1]
    if not any(isinstance(token, Wild) for segment in head for token in segment):
        start = "".join(f"{_literal(segment)}:" for segment in head)
        match resource:
            case ():
                return start.__eq__
            case (str(literal),):
                return (start + literal).__eq__
            case (Wild.ANY,):
                return methodcaller("startswith", start)
            case (str(literal), Wild.ANY):
                return methodcaller("startswith", start + literal)
    heads = "".join(f"(?>{regex_of(segment, '[^:]')}:)" for segment in head)
    return re.compile(heads + regex_of(resource), re.DOTALL).fullmatch


def _literal(segment: Pattern) -> str:
    return "".join(str(token) for token in segment)
