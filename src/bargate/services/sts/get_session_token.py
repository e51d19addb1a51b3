"""GetSessionToken: the caller's own powers for a while, with a second factor if it gives one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.policy import AccountRoot
from bargate.services.operation import OperationCall, Params, Target, operation
from bargate.services.sts.credentials import issue
from bargate.services.sts.mfa import authenticated_at
from bargate.tokens.session import Session
from bargate.tokens.session_key import secret_access_key, session_key_id
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_DURATION_S = 43_200
ROOT_MAX_S = 3_600  # AWS [D] iam-sts §7


def _nothing(call: OperationCall, request: Params) -> Iterable[Target]:  # noqa: ARG001  as others
    """AWS [D]: no permissions are required to call GetSessionToken."""
    return ()


@operation(writes=True, targets=_nothing)  # a one-time code is used up
def get_session_token(call: OperationCall, request: Params) -> Params:
    """Give temporary credentials of the caller itself."""
    require_long_term(call, "GetSessionToken")
    caller = call.caller
    issued_at = int(call.now.timestamp())
    session = Session(
        kind="GetSessionToken",
        access_key_id=session_key_id(caller.account_id),
        secret=secret_access_key(),
        account_id=caller.account_id,
        arn=caller.arn,
        user_id=caller.user_id,
        issuer_arn=caller.arn,
        issuer_id=caller.user_id,
        issued_at=issued_at,
        expires_at=issued_at + duration_s(call, request),
        mfa_at=authenticated_at(call, request),
    )
    return {"Credentials": issue(call, session)}


def require_long_term(call: OperationCall, action: str) -> None:
    """Raise AccessDenied when the caller itself has temporary credentials (AWS [O])."""
    if call.caller.session is not None:
        raise AwsError("AccessDenied", f"Cannot call {action} with session credentials", 403)


def duration_s(call: OperationCall, request: Params) -> int:
    """Give how long the session shall last; the root user's never lasts over an hour."""
    asked_s = int(request.get("DurationSeconds", DEFAULT_DURATION_S))
    return min(asked_s, ROOT_MAX_S) if isinstance(call.caller.principal, AccountRoot) else asked_s
