"""What temporary credentials may never ask of IAM and STS, whatever policies say.

AWS [D] iam-sts §7: sessions of GetSessionToken reach IAM only with a second factor, and of STS
AssumeRole and GetCallerIdentity alone; those of GetFederationToken reach neither IAM nor STS but
for GetCallerIdentity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.tokens.session import Session

_OPEN = {
    "GetSessionToken": frozenset({"AssumeRole", "GetCallerIdentity"}),
    "GetFederationToken": frozenset({"GetCallerIdentity"}),
}


def check_session(session: Session | None, service: str, operation: str) -> None:
    """Raise AwsError InvalidClientTokenId (403) for a call that such a session may not make."""
    if session is None or session.kind == "AssumeRole" or service not in {"iam", "sts"}:
        return
    if service == "iam" and session.kind == "GetSessionToken" and session.mfa_at is not None:
        return
    if service == "sts" and operation in _OPEN[session.kind]:
        return
    raise AwsError(
        "InvalidClientTokenId", "The security token included in the request is invalid", 403
    )
