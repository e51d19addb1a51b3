"""Decides a call by what its Lambda authorizer answered, new or remembered.

    each reading of the path ──► returned policy + resource policy ──► Table A ──► allow, or 403

AWS [D] apigw-evaluation §2: an explicit deny of either wins, else either may allow.

What a returned policy says of a method ARN is remembered (`Evaluated`) where it says the same in
every call: when it asks for no condition key. The resource policy is asked anew each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.access.context_keys import CallContext
from bargate.access.paths import other_readings
from bargate.access.resource_policy import ACTION, ANONYMOUS
from bargate.access.verdict import Denial
from bargate.policy import AccessRequest, Decision, Effect, same_account, suffix

if TYPE_CHECKING:
    from bargate.access.authorizer_answer import Answer, Told
    from bargate.access.call import Call, Facts
    from bargate.access.method_arn import MethodArn
    from bargate.policy import CompiledPolicy


MAX_POLICIES: Final = 256
MAX_ARNS: Final = 16  # of one policy


class Evaluated(dict["CompiledPolicy", "dict[str, Decision] | None"]):
    """What returned policies say of method ARNs; None for one that depends on more than the ARN.

    INVARIANT: a policy is told from others by identity, and bounds hold: 256 policies of 16 ARNs.
    """

    __slots__ = ()

    def __missing__(self, policy: CompiledPolicy) -> dict[str, Decision] | None:
        """Begin to remember a policy."""
        if len(self) >= MAX_POLICIES:
            self.clear()
        known: dict[str, Decision] | None = {} if _depends_on_arn_alone(policy) else None
        self[policy] = known
        return known


def _depends_on_arn_alone(policy: CompiledPolicy) -> bool:
    """Say so unless a statement has a condition, or what may be a variable."""
    return not any(
        each.conditions or (each.resource is not None and "$" in "".join(each.resource.values))
        for each in policy.policy.statements
    )


class Decider(Struct, frozen=True, eq=False):
    """Settles the calls of one method: its ARNs, and the API's resource policy if it has one.

    `evaluated` may be shared by whoever decides for `execute-api:Invoke` without a principal.
    """

    method_arn: MethodArn
    resource: CompiledPolicy | None
    evaluated: Evaluated

    def settle(self, told: Told, call: Call, facts: Facts) -> Denial | None:
        """Take over what the answer says of the caller, and decide."""
        answer = told.answer
        if isinstance(answer, Denial):
            return answer
        facts.principal_id = answer.principal_id
        facts.authorizer_context = answer.context
        facts.usage_identifier_key = answer.usage_identifier_key
        if answer.policy is None:
            return None if answer.is_authorized else _NOT_AUTHORIZED
        decision = self._decide(answer.policy, call)
        facts.authorizer_decision = decision
        return None if decision.effect is Effect.ALLOW else _denial(decision, told, answer)

    def _decide(self, policy: CompiledPolicy, call: Call) -> Decision:
        path = call.resource_path
        decision = self._decide_on(policy, self.method_arn(call, path), call)
        for other in other_readings(path):
            if decision.effect is not Effect.ALLOW:
                break
            decision = self._decide_on(policy, self.method_arn(call, other), call)
        return decision

    def _decide_on(self, policy: CompiledPolicy, arn: str, call: Call) -> Decision:
        known = self.evaluated[policy]
        decision = None if known is None else known.get(arn)
        if decision is not None and self.resource is None:
            return decision
        request = AccessRequest(ANONYMOUS, ACTION, arn, CallContext(call))
        if decision is None:
            decision = policy.decide(request)
            if known is not None:
                if len(known) >= MAX_ARNS:
                    known.clear()
                known[arn] = decision
        if self.resource is None:
            return decision
        return same_account(decision, self.resource.decide(request))


_NOT_AUTHORIZED = Denial(
    response_type="ACCESS_DENIED",
    reason="authorizer.not_authorized",
    detail="the authorizer answered isAuthorized: false",
)


def _denial(decision: Decision, told: Told, answer: Answer) -> Denial:
    explicit = decision.effect is Effect.EXPLICIT_DENY
    detail = decision.reason
    if not explicit and told.age_s is not None and answer.pitfall is not None:
        detail += (
            f" The remembered policy was returned for {answer.pitfall} and allows that alone:"
            " return a policy for all methods (…/*), or set the time to live to 0."
        )
    return Denial(
        response_type="ACCESS_DENIED",
        reason=f"authorizer.{'explicit' if explicit else 'implicit'}_deny",
        detail=detail,
        # AWS [D]/[O] apigw-errors §2
        message=f"User is not authorized to access this resource {suffix(decision, ACTION)}",
    )
