"""What lies behind an AccessDenied, in the form of AWS's authorization messages (AWS [D] STS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.policy import Effect

if TYPE_CHECKING:
    from bargate.services.decide import Denied

MESSAGE_HEADER = "x-bargate-authorization-message"


def told_of(denied: Denied) -> dict[str, object]:
    """Give what may be told to whoever may call sts:DecodeAuthorizationMessage in the account."""
    decision, target, caller = denied.decision, denied.target, denied.caller
    told: dict[str, object] = {
        "allowed": False,
        "explicitDeny": decision is not None and decision.effect is Effect.EXPLICIT_DENY,
        "context": {
            "principal": {"id": caller.user_id, "arn": caller.arn},
            "action": target.action,
            "resource": target.resource,
            "conditions": {"items": [_condition(k, v) for k, v in target.context.items()]},
        },
    }
    if decision is not None:
        told["reason"] = decision.reason
        if decision.statement is not None:
            told["matchedStatements"] = {"items": [{"statementId": str(decision.statement)}]}
    return told


def _condition(key: str, value: str | tuple[str, ...]) -> dict[str, object]:
    values = (value,) if isinstance(value, str) else value
    return {"key": key, "values": {"items": [{"value": each} for each in values]}}
