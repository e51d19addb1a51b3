"""The refusals of this API (AWS [M] apigatewayv2: BadRequest-, NotFound-, ConflictException)."""

from bargate.wire.error import AwsError

_MAX_SHOWN = 200


def bad_request(message: str) -> AwsError:
    """Say that the request is wrong in itself (400)."""
    return AwsError("BadRequestException", message)


def not_found(message: str) -> AwsError:
    """Say that what the request names is not there (404)."""
    return AwsError("NotFoundException", message)


def conflict(message: str) -> AwsError:
    """Say that the request contradicts what is there (409)."""
    return AwsError("ConflictException", message)


def shown(text: str) -> str:
    """Give a client's text short and on one line, to stand in a message."""
    short = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
    return short if short.isprintable() else short.encode("unicode_escape").decode("ascii")
