"""What each gateway response type says when nothing is customised.

AWS [D]/[R] apigw-errors §1. `INTEGRATION_FAILURE` is 504 in AWS's table; what calls really get
(500 or 502) is set by `Denial.status` where the failure is seen.
"""

import json
from collections.abc import Callable, Mapping

from msgspec import Struct

from bargate.access.verdict import Denial


class ErrorType(Struct, frozen=True):
    """Default status, `x-amzn-ErrorType` and message (None is JSON null) of a response type."""

    status: int
    error_type: str
    message: str | None


ERROR_TYPES: Mapping[str, ErrorType] = {
    "ACCESS_DENIED": ErrorType(403, "AccessDeniedException", "Forbidden"),
    "API_CONFIGURATION_ERROR": ErrorType(
        500, "InternalServerErrorException", "Internal server error"
    ),
    "AUTHORIZER_CONFIGURATION_ERROR": ErrorType(500, "AuthorizerConfigurationException", None),
    "AUTHORIZER_FAILURE": ErrorType(500, "AuthorizerFailureException", None),
    "BAD_REQUEST_BODY": ErrorType(400, "BadRequestException", "Invalid request body"),
    "BAD_REQUEST_PARAMETERS": ErrorType(
        400, "BadRequestException", "Missing required request parameters"
    ),
    "EXPIRED_TOKEN": ErrorType(
        403, "ExpiredTokenException", "The security token included in the request is expired"
    ),
    "INTEGRATION_FAILURE": ErrorType(504, "InternalServerErrorException", "Internal server error"),
    "INTEGRATION_TIMEOUT": ErrorType(
        504, "InternalServerErrorException", "Endpoint request timed out"
    ),
    "INVALID_API_KEY": ErrorType(403, "ForbiddenException", "Forbidden"),
    "INVALID_SIGNATURE": ErrorType(
        403,
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your"
        " AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    "MISSING_AUTHENTICATION_TOKEN": ErrorType(
        403, "MissingAuthenticationTokenException", "Missing Authentication Token"
    ),
    "QUOTA_EXCEEDED": ErrorType(429, "LimitExceededException", "Limit Exceeded"),
    "REQUEST_TOO_LARGE": ErrorType(413, "RequestEntityTooLargeException", "Request Too Long"),
    "RESOURCE_NOT_FOUND": ErrorType(404, "ResourceNotFoundException", "Not Found"),
    "THROTTLED": ErrorType(429, "TooManyRequestsException", "Too Many Requests"),
    "UNAUTHORIZED": ErrorType(401, "UnauthorizedException", "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": ErrorType(415, "BadRequestException", "Unsupported Media Type"),
    "WAF_FILTERED": ErrorType(403, "ForbiddenException", "Forbidden"),
}

# What the front door says to a body over 10 MiB, as plain text, before any API is known [O].
REQUEST_TOO_LARGE_TEXT = b"HTTP content length exceeded 10485760 bytes."


def error_message(denial: Denial) -> str | None:
    """Give the message the client reads."""
    return ERROR_TYPES[denial.response_type].message if denial.message is None else denial.message


def _message_string(denial: Denial) -> str:
    return json.dumps(error_message(denial), ensure_ascii=False)


ERROR_VARIABLES: Mapping[str, Callable[[Denial], str | None]] = {
    "error.message": error_message,
    "error.messageString": _message_string,
    "error.responseType": lambda denial: denial.response_type,
    "error.validationErrorString": lambda denial: denial.validation_error,
}


def compile_error_variable(name: str) -> Callable[[Denial], str | None] | None:
    """Compile `$context.error.*`; None when the name is not one of a refusal."""
    return ERROR_VARIABLES.get(name)
