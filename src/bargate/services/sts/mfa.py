"""The one-time code that proves a caller's second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.identity.mfa import accept_code
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

_INVALID = "MultiFactorAuthentication failed with invalid MFA one time pass code. "


def authenticated_at(call: OperationCall, request: Params) -> int | None:
    """Check `SerialNumber` and `TokenCode`; give when (seconds, epoch), None when there is neither.

    Raises AwsError AccessDenied for a device that is not the caller's, for a wrong or used code,
    and for any code after too many wrong ones.
    """
    serial, code = request.get("SerialNumber"), request.get("TokenCode")
    if serial is None and code is None:
        return None
    if serial is None or code is None:
        raise AwsError("ValidationError", "SerialNumber and TokenCode must be given together.")
    attempts, now = call.environment.mfa_attempts, call.now.timestamp()
    owner = call.caller.user_id
    if call.caller.session is None and attempts.may_try(owner, now):
        if accept_code(call.tx, serial, owner, code, call.now):
            return int(now)
        attempts.note_failure(owner, now)
    raise AwsError("AccessDenied", _INVALID, 403)
