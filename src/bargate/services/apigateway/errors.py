"""How API Gateway refuses: its codes, and the texts that several operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SHOWN = 1_024


def bad_request(message: str) -> AwsError:
    """Give a BadRequestException."""
    return AwsError("BadRequestException", message)


def not_found(message: str) -> AwsError:
    """Give a NotFoundException."""
    return AwsError("NotFoundException", message)


def conflict(message: str) -> AwsError:
    """Give a ConflictException."""
    return AwsError("ConflictException", message)


def one_of(value: str, path: str, allowed: Iterable[str]) -> str:
    """Give `value`, one of `allowed`. AWS [R] apigw-errors §5: the form of enum failures."""
    known = list(allowed)
    if value in known:
        return value
    raise AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value[:MAX_SHOWN]}' at '{path}' failed to satisfy"
        f" constraint: Member must satisfy enum value set: [{', '.join(known)}]",
        400,
    )


def invalid_mapping(expression: str) -> AwsError:
    """Refuse a mapping expression (AWS [O])."""
    return bad_request(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[Invalid mapping expression specified: {expression[:MAX_SHOWN]}]"
    )


def undeclared_mapping(expression: str) -> AwsError:
    """Refuse a mapping expression that names what the method does not declare (AWS [O])."""
    return bad_request(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[Invalid mapping expression parameter specified: {expression[:MAX_SHOWN]}]"
    )
