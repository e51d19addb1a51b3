"""Permissions that an operation turns out to need as it runs: roles it hands on, policies it sets.

What a request is about tells `targets`; that a document brings a role, or that a patch changes a
resource policy, is known only where it is read. What is refused here undoes the whole call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.arn import MalformedArn, parse_arn
from bargate.identity.find import role_of_arn
from bargate.services.decide import access_denied, decide
from bargate.services.operation import OperationCall, Target
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CALLERS_OWN: Final = "arn:aws:iam::*:user/*"  # AWS [D]: the identity of whoever calls the API
_GATEWAY: Final = "apigateway.amazonaws.com"
_DENIED: Final = "AccessDeniedException"


def require(
    call: OperationCall, action: str, resource: str, tags: Mapping[str, str] | None = None
) -> None:
    """Raise AccessDenied unless the caller may do `action` on an ARN, whose `tags` are given."""
    context = {f"aws:ResourceTag/{name}": value for name, value in (tags or {}).items()}
    _require(call, Target(action=action, resource=resource, context=context))


def require_pass_role(
    call: OperationCall, role_arns: Iterable[str | None], service: str = _GATEWAY
) -> None:
    """Raise AccessDenied unless the caller may hand each of these roles to a service.

    AWS [D] iam:PassRole: else whoever may make an integration acts as any role of the account.
    """
    for role_arn in dict.fromkeys(role_arns):
        if role_arn is not None and role_arn != _CALLERS_OWN:
            _require_one(call, role_arn, service)


def _require_one(call: OperationCall, role_arn: str, service: str) -> None:
    try:
        arn = parse_arn(role_arn)
    except MalformedArn as error:
        raise _invalid() from error
    if arn.service != "iam" or not arn.resource.startswith("role/"):
        raise _invalid()
    if arn.account != call.account_id:
        raise AwsError(_DENIED, "Cross-account pass role is not allowed.", 403)  # AWS [O]
    role = role_of_arn(call.tx, role_arn)
    context = {"iam:PassedToService": service}
    for name, value in ({} if role is None else role.tags).items():
        context[f"aws:ResourceTag/{name}"] = context[f"iam:ResourceTag/{name}"] = value
    _require(call, Target(action="iam:PassRole", resource=role_arn, context=context))


def _require(call: OperationCall, target: Target) -> None:
    if call.identity is None:
        return
    decision = decide(call, call.identity, target)
    if not decision.allowed:
        raise access_denied(call.caller, target, decision, _DENIED)


def _invalid() -> AwsError:
    return AwsError("BadRequestException", "Invalid ARN specified in the request")
