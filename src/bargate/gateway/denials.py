"""The refusals that the data plane itself gives, each with its stable reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.verdict import Denial

if TYPE_CHECKING:
    from bargate.gateway.upstream.sink import Failure

INTERNAL = Denial(
    response_type="API_CONFIGURATION_ERROR",
    reason="internal",
    detail="an exception in a step or plan; see the log for the request id",
    status=500,
)
NO_ROUTE_REST = Denial(
    response_type="MISSING_AUTHENTICATION_TOKEN",
    reason="route.unknown",
    detail="no resource has this path and method",
)
NO_ROUTE_HTTP = Denial(
    response_type="RESOURCE_NOT_FOUND",
    reason="route.unknown",
    detail="no route matches this path and method",
    message="Not Found",
)
BAD_METHOD_OVERRIDE = Denial(
    response_type="MISSING_AUTHENTICATION_TOKEN",
    reason="route.bad_method_override",
    detail="X-HTTP-Method-Override names no method",
)
UNDECIDED = Denial(
    response_type="AUTHORIZER_CONFIGURATION_ERROR",
    reason="step.undecided",
    detail="a step asks for something to be fetched again and again",
)
MEMORY_SPENT = Denial(
    response_type="INTEGRATION_FAILURE",
    reason="worker.memory_spent",
    detail="the worker's memory for buffered bodies is spent",
    message="Service Unavailable",
    status=503,
)
BODY_TOO_SLOW = Denial(
    response_type="BAD_REQUEST_BODY",
    reason="body.too_slow",
    detail="the request body arrives too slowly",
    message="Request Timeout",
    status=408,
)
INTEGRATION_TIMEOUT = Denial(
    response_type="INTEGRATION_TIMEOUT",
    reason="integration.timeout",
    detail="the backend took longer than the integration's time-out",
    status=504,
)


def body_too_large(body_max_bytes: int) -> Denial:
    """Give the denial of a body over the limit (AWS apigw-errors §1, REQUEST_TOO_LARGE)."""
    return Denial(
        response_type="REQUEST_TOO_LARGE",
        reason="body.too_large",
        detail=f"the body is longer than {body_max_bytes} bytes",
        status=413,
    )


def body_malformed(detail: str) -> Denial:
    """Give the denial of a body whose transfer coding is broken."""
    return Denial(
        response_type="BAD_REQUEST_BODY",
        reason="body.malformed",
        detail=detail,
        message="Bad Request",
        status=400,
    )


_FAILURE_STATUS: dict[Failure, int] = {
    "unreachable": 504,
    "overloaded": 503,
    "closed": 502,
    "malformed": 502,
    "client_certificate": 500,
}


def integration_failure(failure: Failure, detail: str) -> Denial:
    """Give the denial of a call whose backend failed.

    AWS [R] apigw-errors §1: the type's default is 504 (no connection); a backend that answers
    garbage surfaces as 502. [I] A client certificate that cannot be shown is 500: no backend is
    asked without it.
    """
    status = _FAILURE_STATUS[failure]
    return Denial(
        response_type="INTEGRATION_FAILURE",
        reason=f"integration.{failure}",
        detail=detail,
        status=status,
    )
