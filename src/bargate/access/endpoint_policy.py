"""The policy of the VPC endpoint that a call to a private API came through.

AWS [D] apigw-evaluation §4: it is decided before the resource policy and the authorizer. Its
principal is whoever signed the call, for every kind of method, and anonymous where nobody did; a
signature that does not hold never gets here. What is not signed is decided on its head (`UNSIGNED`),
what is signed once the signature is proven (`SIGNED`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.context_keys import SignedContext, compile_context
from bargate.access.control import RestControl
from bargate.access.method_arn import compile_method_arn, mask_account
from bargate.access.policy_keys import check_keys
from bargate.access.resource_policy import ACTION, ANONYMOUS, arn_start, decide_on_path
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from bargate.policy import (
    Effect,
    MalformedPolicy,
    PolicyKind,
    compile_policy,
    parse_policy,
    suffix,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.call import Call, Facts
    from bargate.access.context_keys import ContextOf
    from bargate.access.control import GuardedMethod, Step
    from bargate.access.identities import Identity
    from bargate.policy import CompiledPolicy, Context, Decision, Principal

_MAX_ENDPOINTS = 64  # that one method remembers the policies of
_NO_ENDPOINT = Denial(
    response_type="ACCESS_DENIED",
    reason="endpoint_policy.no_endpoint",
    detail="the call came through no VPC endpoint",
    message="Forbidden",
)


class _Narrowed(Struct, frozen=True, eq=False):
    """An endpoint's policy, what is left of it for one method, and the keys that that asks for."""

    whole: CompiledPolicy
    policy: CompiledPolicy
    context_of: ContextOf


def compile_endpoint_policy(text: str) -> CompiledPolicy:
    """Parse and compile the policy of an endpoint for invocations; raises InvalidConfiguration."""
    try:
        policy = parse_policy(text, PolicyKind.ENDPOINT)
        check_keys(policy, signed=True, private=True)
    except MalformedPolicy as error:
        raise InvalidConfiguration(error.path, str(error)) from error
    return compile_policy(policy).narrow(ACTION)


def _compile(guarded: GuardedMethod, *, signed: bool) -> Step | None:
    if not guarded.api.is_private:
        return None
    place = guarded.installation
    method_arn = compile_method_arn(place, guarded.api.id, guarded.stage.name)
    keys = {"aws:requestedregion": place.region, "aws:resourceaccount": place.account_id}
    policy_for = _narrowing(arn_start(guarded))

    def endpoint_policy(call: Call, facts: Facts) -> Denial | None:
        if (facts.signer is not None) is not signed:
            return None
        whole, identity = call.arrival.vpc_endpoint_policy, facts.identity
        if whole is None or (signed and identity is None):
            return _NO_ENDPOINT
        narrowed = policy_for(whole)
        principal, context = _caller(narrowed, call, identity, keys)
        arn, decision = decide_on_path(narrowed.policy, principal, method_arn, call, context)
        facts.endpoint_decision = decision
        return None if decision.effect is Effect.ALLOW else _denial(identity, arn, decision, call)

    return endpoint_policy


def _narrowing(start: str) -> Callable[[CompiledPolicy], _Narrowed]:
    """Give what narrows an endpoint's policy to one method, remembering the few there are."""
    known: dict[int, _Narrowed] = {}

    def policy_for(whole: CompiledPolicy) -> _Narrowed:
        found = known.get(id(whole))
        # INVARIANT: what is remembered holds its policy, so no other one has its identity.
        if found is None:
            if len(known) >= _MAX_ENDPOINTS:
                known.clear()
            policy = whole.narrow_resource(start)
            found = known[id(whole)] = _Narrowed(whole, policy, compile_context(policy.keys()))
        return found

    return policy_for


def _caller(
    narrowed: _Narrowed, call: Call, identity: Identity | None, keys: dict[str, str]
) -> tuple[Principal, Context]:
    if identity is None:
        return ANONYMOUS, narrowed.context_of(call)
    return identity.principal, SignedContext(call, identity, keys)


def _denial(identity: Identity | None, arn: str, decision: Decision, call: Call) -> Denial:
    who = "anonymous" if identity is None else identity.arn
    explicit = decision.effect is Effect.EXPLICIT_DENY
    return Denial(
        response_type="ACCESS_DENIED",
        reason=f"endpoint_policy.{'explicit' if explicit else 'implicit'}_deny",
        detail=f"{call.arrival.vpc_endpoint_id}: {decision.reason}",
        message=(
            f"User: {who} is not authorized to perform: {ACTION}"
            f" on resource: {mask_account(arn)} {suffix(decision, ACTION)}"
        ),
    )


def _compile_unsigned(guarded: GuardedMethod) -> Step | None:
    return _compile(guarded, signed=False)


def _compile_signed(guarded: GuardedMethod) -> Step | None:
    return _compile(guarded, signed=True)


def _narrate_unsigned(call: Call, facts: Facts) -> str:
    return "" if facts.signer is not None else _narrate(call, facts)


def _narrate_signed(call: Call, facts: Facts) -> str:
    return "" if facts.signer is None else _narrate(call, facts)


def _narrate(call: Call, facts: Facts) -> str:
    if facts.endpoint_decision is None:
        return ""
    return f"{call.arrival.vpc_endpoint_id}: {facts.endpoint_decision.reason}"


UNSIGNED = RestControl(
    name="VPC endpoint policy", compile=_compile_unsigned, narrate=_narrate_unsigned
)
SIGNED = RestControl(
    name="VPC endpoint policy, of signed calls", compile=_compile_signed, narrate=_narrate_signed
)
