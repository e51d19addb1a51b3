"""How the IAM authorizer refuses: AWS's words for REST APIs, one plain 403 for HTTP APIs.

AWS [R]/[O] apigw-errors §3 and §4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.verdict import Denial
from bargate.sigv4.fault import SignatureFault
from bargate.sigv4.style import EXECUTE_API

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.identities import UnknownIdentity

    Refuse = Callable[[SignatureFault | UnknownIdentity], Denial]

_BAD_REQUEST = "Bad Request"


def refuse_rest(fault: SignatureFault | UnknownIdentity) -> Denial:
    """Word a refusal as a REST API does."""
    if isinstance(fault, SignatureFault):
        return _refuse_signature(fault)
    return Denial(
        response_type="EXPIRED_TOKEN" if fault.error_type == _EXPIRED else "INVALID_SIGNATURE",
        reason=fault.reason,
        detail=_DETAILS.get(fault.reason, "the credentials are not known"),
        message=fault.message,
        error_type=fault.error_type,
    )


def refuse_http(fault: SignatureFault | UnknownIdentity) -> Denial:
    """Word a refusal as an HTTP API does: 403 Forbidden, whatever it was."""
    is_known = isinstance(fault, SignatureFault)
    detail = fault.detail if is_known else _DETAILS.get(fault.reason, "")  # type: ignore[union-attr]
    return Denial(
        response_type="ACCESS_DENIED",
        reason=fault.reason,
        detail=detail or "the credentials are not known",
    )


def _refuse_signature(fault: SignatureFault) -> Denial:
    error_type = EXECUTE_API.names[fault.code]
    if fault.code == "MissingAuthenticationToken":
        return Denial(
            response_type="MISSING_AUTHENTICATION_TOKEN",
            reason=fault.reason,
            detail=fault.detail,
            message=fault.message,
        )
    if fault.code in {"BadRequest", "MalformedQueryString"}:
        return Denial(
            response_type="BAD_REQUEST_PARAMETERS",
            reason=fault.reason,
            detail=fault.detail,
            message=fault.message or _BAD_REQUEST,
            error_type=error_type,
        )
    return Denial(
        response_type="INVALID_SIGNATURE",
        reason=fault.reason,
        detail=fault.detail,
        message=fault.message,
        error_type=error_type,
    )


_EXPIRED = EXECUTE_API.expired_token
_DETAILS = {
    "iam.expired_token": "the temporary credentials have expired",
    "iam.invalid_token": "the session token is not one of ours, belongs to another access key, or"
    " its role or user is gone",
    "iam.unknown_access_key": "no active access key has this id",
}
