"""What becomes of a call whose Lambda function gave no answer that can be used.

AWS [R]/[O] apigw-errors §1, §4. REST: a function that may not be invoked is a configuration error
(500), one that is throttled an integration failure (500), one that failed or answered in a wrong
shape 502, and no answer in time 504. HTTP APIs answer 500 for all but time (504) and a host that
does not answer (503).
"""

from typing import Literal

from bargate.access.verdict import Denial
from bargate.model.invocation import MAX_PAYLOAD_BYTES, Errored, Refused

Kind = Literal["REST", "HTTP"]

_MAX_DETAIL = 512


def refused(outcome: Refused, kind: Kind) -> Denial:
    """Give the denial of a function that was not run."""
    if outcome.reason == "timed_out":
        return Denial(
            response_type="INTEGRATION_TIMEOUT",
            reason="integration.timeout",
            detail=f"the function took too long: {outcome.message}",
            status=504,
        )
    if outcome.reason == "too_large":
        return too_large()
    return Denial(
        response_type=_refused_type(outcome, kind),
        reason=f"integration.function_{outcome.reason}",
        detail=f"the function was not invoked: {outcome.message}",
        status=None if kind == "HTTP" else 500,
    )


def _refused_type(
    outcome: Refused, kind: Kind
) -> Literal["API_CONFIGURATION_ERROR", "INTEGRATION_FAILURE"]:
    if outcome.reason in {"denied", "not_found"}:
        return "API_CONFIGURATION_ERROR"
    if outcome.reason == "throttled" and kind == "HTTP":
        return "API_CONFIGURATION_ERROR"
    return "INTEGRATION_FAILURE"


def failed(outcome: Errored, kind: Kind) -> Denial:
    """Give the denial of a proxied function that failed; its error is the operator's to read."""
    told = outcome.payload[:_MAX_DETAIL].decode("utf-8", "replace")
    return Denial(
        response_type="API_CONFIGURATION_ERROR" if kind == "HTTP" else "INTEGRATION_FAILURE",
        reason="integration.function_error",
        detail=f"the function failed: {told}",
        status=None if kind == "HTTP" else 502,
    )


def malformed(detail: str, kind: Kind) -> Denial:
    """Give the denial of a proxied function whose answer is no response."""
    return Denial(
        response_type="API_CONFIGURATION_ERROR",
        reason="integration.malformed_response",
        detail=f"malformed Lambda proxy response: {detail}",
        status=None if kind == "HTTP" else 502,
    )


def too_large() -> Denial:
    """Give the denial of a call whose event is longer than a function takes (AWS [O]: 413)."""
    return Denial(
        response_type="REQUEST_TOO_LARGE",
        reason="integration.event_too_large",
        detail=f"the event is longer than the {MAX_PAYLOAD_BYTES} bytes that a function takes",
        status=413,
    )
