"""How an HTTP API words its refusals: fixed, in JSON, without `x-amzn-ErrorType`.

AWS [D]/[R] apigw-errors §4. The texts are AWS's alone; a step's own message stays with the
operator.
"""

import json
from collections.abc import Mapping

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial
from bargate.mapping.context import Routed
from bargate.mapping.headers import header_value
from bargate.mapping.plan import Response
from bargate.model.http_api import HttpApi
from bargate.model.installation import Installation, Stage

HTTP_API_ERRORS: Mapping[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "Forbidden"),
    "API_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error"),
    "BAD_REQUEST_BODY": (400, "Bad Request"),
    "BAD_REQUEST_PARAMETERS": (400, "Bad Request"),
    "EXPIRED_TOKEN": (403, "Forbidden"),
    "INTEGRATION_FAILURE": (503, "Service Unavailable"),
    "INTEGRATION_TIMEOUT": (504, "Gateway Timeout"),
    "INVALID_API_KEY": (403, "Forbidden"),
    "INVALID_SIGNATURE": (403, "Forbidden"),
    "MISSING_AUTHENTICATION_TOKEN": (404, "Not Found"),
    "QUOTA_EXCEEDED": (429, "Too Many Requests"),
    "REQUEST_TOO_LARGE": (413, "Request Entity Too Large"),
    "RESOURCE_NOT_FOUND": (404, "Not Found"),
    "THROTTLED": (429, "Too Many Requests"),
    "UNAUTHORIZED": (401, "Unauthorized"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "Unsupported Media Type"),
    "WAF_FILTERED": (403, "Forbidden"),
}

_JSON = (b"Content-Type", b"application/json")


class HttpApiErrors:
    """Renders denials of HTTP APIs (a `Refuser`); nothing of it can be customised."""

    __slots__ = ()

    def render(
        self,
        call: Call,  # noqa: ARG002 - the answer depends on the denial alone
        facts: Facts | None,  # noqa: ARG002
        endpoint: Routed | None,  # noqa: ARG002
        denial: Denial,
    ) -> Response:
        """Give the client's answer to a denial."""
        status, message = HTTP_API_ERRORS[denial.response_type]
        headers = [_JSON]
        if denial.www_authenticate is not None:
            headers.append((b"www-authenticate", header_value(denial.www_authenticate)))
        body = json.dumps({"message": message}, separators=(",", ":")).encode()
        if denial.response_type == "INTEGRATION_FAILURE":
            return Response(status, headers, body)  # `denial.status` is what a REST API answers
        return Response(denial.status or status, headers, body)


def compile_http_api_errors(
    api: HttpApi,  # noqa: ARG001 - the signature of every refuser's compiler
    stage: Stage,  # noqa: ARG001
    installation: Installation,  # noqa: ARG001
) -> HttpApiErrors:
    """Give the refuser of an HTTP API at a stage."""
    return HttpApiErrors()
