"""Policy documents as they come in and as they go out."""

from typing import Any
from urllib.parse import quote

from bargate.policy import MalformedPolicy, Policy, PolicyKind, parse_policy
from bargate.services.iam.errors import malformed
from bargate.wire.error import AwsError

MAX_MANAGED = 6_144
MAX_INLINE = {"user": 2_048, "role": 10_240, "group": 5_120}
MAX_TRUST = 2_048


def checked_policy(document: str, *, max_size: int | None = None) -> Policy:
    """Read an identity-based policy. Raises AwsError."""
    try:
        # AWS [O]: new policies are of the current version, `2008-10-17` is refused.
        return parse_policy(
            document, PolicyKind.IDENTITY, max_size=max_size, current_version_only=True
        )
    except MalformedPolicy as error:
        raise malformed(error) from error


def size_of(document: str) -> int:
    """Count the characters that AWS counts: all but white space (AWS [D] iam-sts §2)."""
    return sum(not character.isspace() for character in document)


def encoded(document: str) -> str:
    """Write a document as IAM returns it: percent-encoded (RFC 3986)."""
    return quote(document, safe="")


def inline_limit_error(kind: str, name: str) -> AwsError:
    """Make the refusal of inline policies that are too large together."""
    return AwsError(
        "LimitExceeded",
        f"Maximum policy size of {MAX_INLINE[kind]} bytes exceeded for {kind} {name}",
    )


def tag_list(tags: dict[str, str]) -> list[dict[str, Any]]:
    """Write tags as the API gives them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
