"""Refusals in the words of AWS Lambda."""

from __future__ import annotations

from bargate.wire.error import AwsError

MAX_ECHO_CHARACTERS = 256


def invalid(message: str) -> AwsError:
    """Refuse a value of the request."""
    return AwsError("InvalidParameterValueException", message)


def not_found(arn: str) -> AwsError:
    """Say that there is no such function, version or alias."""
    return AwsError("ResourceNotFoundException", f"Function not found: {arn}")


def missing(message: str) -> AwsError:
    """Say that something of a function is not there."""
    return AwsError("ResourceNotFoundException", message)


def conflict(message: str) -> AwsError:
    """Refuse what cannot be besides what is there."""
    return AwsError("ResourceConflictException", message)


def stale(what: str) -> AwsError:
    """Refuse a change of something that has changed since the caller read it."""
    return AwsError(
        "PreconditionFailedException",
        "The RevisionId provided does not match the latest RevisionId."
        f" Call the {what} API to retrieve the latest RevisionId",
    )


def violation(value: object, member: str, constraint: str) -> AwsError:
    """Refuse a value as a violated constraint of the model is refused."""
    shown = str(value)[:MAX_ECHO_CHARACTERS]
    return invalid(
        f"1 validation error detected: Value '{shown}' at '{member}' failed to satisfy"
        f" constraint: {constraint}"
    )
