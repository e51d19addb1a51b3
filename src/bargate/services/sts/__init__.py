"""The AWS API `sts`: temporary credentials, and who is asking.

    caller ──trust policy, identity policies──► assume_role ────────┐
    caller ──────────────────────────────────► get_session_token ───┼──► credentials: a sealed Session
    caller ──session policy──────────────────► get_federation_token ┘     that any worker can check

AssumeRole is decided by the role's trust policy together with the caller's policies, so it asks
them itself; the other operations follow iam-sts §7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.services.operation import Auditing, OperationCall, Params, Service, Target, collect
from bargate.services.sts import (
    assume_role,
    authorization_message,
    caller_identity,
    get_federation_token,
    get_session_token,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

MODULES = (
    assume_role,
    authorization_message,
    caller_identity,
    get_federation_token,
    get_session_token,
)


def _targets(
    operation: str,
    call: OperationCall,  # noqa: ARG001  one signature for all services
    request: Params,  # noqa: ARG001
) -> Iterable[Target]:
    return (Target(action=f"sts:{operation}", resource="*"),)


_READS = frozenset({"GetCallerIdentity", "GetAccessKeyInfo", "DecodeAuthorizationMessage"})

SERVICE = Service(
    name="sts",
    operations=collect(MODULES),
    targets=_targets,
    auditing=Auditing(is_read=_READS.__contains__),  # credentials are given without a write, too
)
