"""Whether the caller of an operation may do something: all policies that bear on it, in words of AWS.

Target (action, resource, context) ──► policy.evaluate ──► Decision ──► AwsError AccessDenied
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.policy import AccessRequest, CompiledPolicy, Decision, PolicySet, evaluate, suffix
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.access.identities import Identity
    from bargate.services.operation import Caller, OperationCall, Target


def decide(
    call: OperationCall,
    identity: Identity,
    target: Target,
    *,
    resource_policy: CompiledPolicy | None = None,
    resource_account: str | None = None,
) -> Decision:
    """Decide whether `identity` may do what `target` says, by all policies that bear on it.

    Context keys of the target stand above those of the request, and the principal's above both.
    """
    lowered = {key.lower(): value for key, value in target.context.items()}
    context = {**call.circumstances, **lowered, **identity.context}
    policies = PolicySet(
        identity=identity.policies,
        boundary=identity.boundary,
        session=identity.session,
        resource=target.resource_policy if resource_policy is None else resource_policy,
    )
    request = AccessRequest(identity.principal, target.action, target.resource, context)
    account = resource_account or target.resource_account or identity.account_id
    return evaluate(policies, request, resource_account=account)


class Denied(AwsError):
    """A refusal by policies; `decision` None is one whose reason is not the caller's business."""

    def __init__(
        self, caller: Caller, target: Target, decision: Decision | None, code: str
    ) -> None:
        why = "" if decision is None else f" {suffix(decision, target.action)}"
        message = (
            f"User: {caller.arn} is not authorized to perform: {target.action}"
            f" on resource: {target.resource}{why}"
        )
        super().__init__(code, message, 403)
        self.caller = caller
        self.target = target
        self.decision = decision


def access_denied(
    caller: Caller, target: Target, decision: Decision | None, code: str = "AccessDenied"
) -> Denied:
    """Make AWS's refusal (iam-sts §5); without a decision it does not say what is missing."""
    return Denied(caller, target, decision, code)
