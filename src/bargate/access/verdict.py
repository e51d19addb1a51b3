"""What a step may answer besides "go on": a `Denial` or a `Need`."""

from typing import Literal

from msgspec import Struct

from bargate.access.authorizer_answer import AuthorizerAsk
from bargate.access.key_directory import KeySource
from bargate.ledger.counters import Lacking

RestResponseType = Literal[
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
]


class Denial(Struct, frozen=True, kw_only=True):
    """The end of a call.

    `response_type` is AWS's gateway response type (HTTP APIs use the same names; their statuses
    and bodies are in `mapping.http_api_errors`). `message` is what the client reads, None for the
    type's default message. `reason` is a stable dotted code and `detail` a sentence, both for the
    operator alone. `error_type` overrides the type's `x-amzn-ErrorType`, `status` its default
    status code where AWS uses several for one type.
    """

    response_type: RestResponseType
    reason: str
    detail: str
    message: str | None = None
    error_type: str | None = None
    status: int | None = None
    www_authenticate: str | None = None
    validation_error: str | None = None


class Need(Struct, frozen=True):
    """Something that is not in memory must be fetched before this step can decide."""

    source: KeySource | Lacking | AuthorizerAsk
