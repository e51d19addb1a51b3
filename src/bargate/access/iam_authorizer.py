"""The IAM authorizer, last part: may the signer call this? `execute-api:Invoke` on the method ARN.

    identity policies + resource policy + boundary + session policies ──► policy.evaluate

AWS [D] apigw-evaluation §2: in one account the union of both (Table A), across accounts both must
allow (Table B); §7.3: an HTTP API has no resource policy, so callers of other accounts are denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.context_keys import SignedContext
from bargate.access.control import GuardedMethod, GuardedRoute, HttpControl, RestControl, Step
from bargate.access.method_arn import compile_method_arn, mask_account
from bargate.access.paths import other_readings
from bargate.access.resource_policy import ACTION, policy_of_method
from bargate.access.verdict import Denial
from bargate.policy import AccessRequest, Decision, Effect, PolicySet, evaluate, suffix

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts
    from bargate.access.identities import Identity
    from bargate.model.installation import Installation
    from bargate.policy import CompiledPolicy

    Decide = Callable[[str, Call, Identity], Decision]

_UNPROVEN = Denial(
    response_type="MISSING_AUTHENTICATION_TOKEN",
    reason="iam.unproven",
    detail="no signature was verified before permissions were asked for",
    status=403,
)


def _compile_method(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type != "AWS_IAM":
        return None
    return _step(guarded, policy_of_method(guarded))


def _compile_route(guarded: GuardedRoute) -> Step | None:
    if guarded.route.authorization_type != "AWS_IAM":
        return None
    return _step(guarded, None)


def _step(guarded: GuardedMethod | GuardedRoute, resource: CompiledPolicy | None) -> Step:
    place = guarded.installation
    method_arn = compile_method_arn(place, guarded.api.id, guarded.stage.name)
    decide = _compile_decision(place, resource)

    def authorize(call: Call, facts: Facts) -> Denial | None:
        identity = facts.identity
        if identity is None:
            return _UNPROVEN
        arn = method_arn(call, call.resource_path)
        decision = decide(arn, call, identity)
        for path in other_readings(call.resource_path):
            if decision.effect is not Effect.ALLOW:
                break
            decision = decide(method_arn(call, path), call, identity)
        facts.iam_decision = decision
        return None if decision.effect is Effect.ALLOW else _denial(identity, arn, decision)

    return authorize


def _compile_decision(place: Installation, resource: CompiledPolicy | None) -> Decide:
    account = place.account_id
    keys = {"aws:requestedregion": place.region, "aws:resourceaccount": account}

    def decide(arn: str, call: Call, identity: Identity) -> Decision:
        policies = PolicySet(
            identity=identity.policies,
            resource=resource,
            boundary=identity.boundary,
            session=identity.session,
        )
        context = SignedContext(call, identity, keys)
        request = AccessRequest(identity.principal, ACTION, arn, context)
        return evaluate(policies, request, resource_account=account)

    return decide


def _denial(identity: Identity, arn: str, decision: Decision) -> Denial:
    # AWS [D]/[O] apigw-errors §2.
    message = (
        f"User: {identity.arn} is not authorized to perform: {ACTION}"
        f" on resource: {mask_account(arn)} {suffix(decision, ACTION)}"
    )
    explicit = decision.effect is Effect.EXPLICIT_DENY
    return Denial(
        response_type="ACCESS_DENIED",
        reason=f"iam.{'explicit' if explicit else 'implicit'}_deny",
        detail=f"{identity.arn}: {decision.reason}",
        message=message,
    )


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    return facts.iam_decision.reason if facts.iam_decision else ""


REST_CONTROL = RestControl(
    name="IAM authorizer: permissions", compile=_compile_method, narrate=_narrate
)
HTTP_CONTROL = HttpControl(
    name="IAM authorizer: permissions", compile=_compile_route, narrate=_narrate
)
