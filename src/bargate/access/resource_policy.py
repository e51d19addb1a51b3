"""The resource policy of a REST API, before and after the authorizer.

AWS [D] apigw-evaluation §2. Without an authorizer a policy that is present must allow the call
before anything else happens (`EARLY`). With a user pool authorizer the caller is authenticated
first and the policy must then allow the call too (`LATE`): the prose of the authorization flow,
which is narrower than Table A, is followed [I]. For `AWS_IAM` methods the `iam_authorizer` weighs
it together with the caller's own policies. For `CUSTOM` ones an explicit deny ends the call before
the function is asked, and `authorizer_decision` weighs the rest together with what it returns.
"""

import re

from bargate.access.call import Call, Facts
from bargate.access.context_keys import CallContext, compile_context
from bargate.access.control import GuardedMethod, RestControl, Step
from bargate.access.method_arn import MethodArn, compile_method_arn, mask_account
from bargate.access.paths import other_readings
from bargate.access.policy_keys import check_keys
from bargate.access.verdict import Denial
from bargate.arn import fold_arn
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import RestApi
from bargate.policy import (
    AccessRequest,
    Anonymous,
    CompiledPolicy,
    Context,
    Decision,
    Effect,
    MalformedPolicy,
    PolicyKind,
    Principal,
    compile_policy,
    parse_policy,
    suffix,
)

ACTION = "execute-api:Invoke"
# What all readings of a resource's paths begin with (see `other_readings`).
_FIXED = re.compile(r"[^{%;\\]*")
ANONYMOUS = Anonymous()
EXTENSION = "x-amazon-apigateway-policy"
MAX_CHARACTERS = 8192  # AWS [D] apigw-evaluation §2


def compile_resource_policy(
    text: str, *, signed: bool = True, private: bool = False
) -> CompiledPolicy:
    """Parse and compile a resource policy; `InvalidConfiguration` points into the extension.

    `signed` says whether any method may be AWS_IAM, so that calls can have a signer's keys;
    `private`, whether calls come through VPC endpoints, and have the keys of those.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"a resource policy may have {MAX_CHARACTERS} characters, this has {len(text)}"
        raise InvalidConfiguration((EXTENSION,), message)
    try:
        policy = parse_policy(text, PolicyKind.RESOURCE)
        check_keys(policy, signed=signed, private=private)
    except (MalformedPolicy, InvalidConfiguration) as error:
        raise InvalidConfiguration((EXTENSION, *error.path), str(error)) from error
    return compile_policy(policy).narrow(ACTION)


def _compile_early(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type == "CUSTOM":
        return _compile_denies(guarded)
    if guarded.method.authorization_type != "NONE":
        return None
    return _compile(guarded)


def _compile_denies(guarded: GuardedMethod) -> Step | None:
    """Give the first phase of a method with a Lambda authorizer, which an explicit deny ends."""
    policy = policy_of_method(guarded)
    if policy is None:
        return None
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)

    def denied_before(call: Call, facts: Facts) -> Denial | None:
        context = CallContext(call)
        arn = method_arn(call, call.resource_path)
        decision = policy.decide(AccessRequest(ANONYMOUS, ACTION, arn, context))
        facts.resource_decision = decision
        for path in other_readings(call.resource_path):
            if decision.effect is Effect.EXPLICIT_DENY:
                break
            other = method_arn(call, path)
            decision = policy.decide(AccessRequest(ANONYMOUS, ACTION, other, context))
        if decision.effect is not Effect.EXPLICIT_DENY:
            return None
        facts.resource_decision = decision
        return _denial(decision, arn)

    return denied_before


def _compile_late(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type != "COGNITO_USER_POOLS":
        return None
    return _compile(guarded)


def check_signed_keys(api: RestApi) -> None:
    """Refuse a policy that denies by a signer's keys where no method is AWS_IAM.

    Raises InvalidConfiguration. For a whole document: methods come one by one elsewhere.
    """
    methods = (method for resource in api.resources for method in resource.methods)
    signed = any(method.authorization_type == "AWS_IAM" for method in methods)
    if api.policy is not None and not signed:
        compile_resource_policy(api.policy, signed=False, private=api.is_private)


def policy_of_method(guarded: GuardedMethod) -> CompiledPolicy | None:
    """Give the API's policy, narrowed to what calls to a method are decided on."""
    text = guarded.api.policy
    if text is None:
        return None
    private = guarded.api.is_private
    whole = guarded.shared.once(EXTENSION, lambda: compile_resource_policy(text, private=private))
    return whole.narrow_resource(arn_start(guarded))


def _compile(guarded: GuardedMethod) -> Step | None:
    policy = policy_of_method(guarded)
    if policy is None:
        return None
    method_arn = compile_method_arn(guarded.installation, guarded.api.id, guarded.stage.name)
    context_of = compile_context(policy.keys())

    def resource_policy(call: Call, facts: Facts) -> Denial | None:
        context = context_of(call)
        arn, decision = decide_on_path(policy, ANONYMOUS, method_arn, call, context)
        facts.resource_decision = decision
        return None if decision.effect is Effect.ALLOW else _denial(decision, arn)

    return resource_policy


def arn_start(guarded: GuardedMethod) -> str:
    """Give what the ARNs of all calls to a method begin with: up to the first variable."""
    place, verb = guarded.installation, guarded.method.http_method
    start = (
        f"arn:{place.partition}:execute-api:{place.region}:{place.account_id}"
        f":{guarded.api.id}/{guarded.stage.name}/"
    )
    if verb == "ANY":
        return fold_arn(start)
    fixed = _FIXED.match(guarded.resource.path)[0]  # type: ignore[index]  # matches the empty text
    return fold_arn(f"{start}{verb}{fixed}")


def decide_on_path(
    policy: CompiledPolicy,
    principal: Principal,
    method_arn: MethodArn,
    call: Call,
    context: Context,
) -> tuple[str, Decision]:
    """Decide on the method ARN as sent, then on all that a backend may take its path for."""
    arn = method_arn(call, call.resource_path)
    decision = policy.decide(AccessRequest(principal, ACTION, arn, context))
    for path in other_readings(call.resource_path):
        if decision.effect is not Effect.ALLOW:
            break
        other = method_arn(call, path)
        decision = policy.decide(AccessRequest(principal, ACTION, other, context))
    return arn, decision


def _denial(decision: Decision, arn: str) -> Denial:
    message = (
        f"User: anonymous is not authorized to perform: {ACTION}"
        f" on resource: {mask_account(arn)} {suffix(decision, ACTION)}"
    )
    explicit = decision.effect is Effect.EXPLICIT_DENY
    return Denial(
        response_type="ACCESS_DENIED",
        reason=f"resource_policy.{'explicit' if explicit else 'implicit'}_deny",
        detail=decision.reason,
        message=message,
    )


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    return facts.resource_decision.reason if facts.resource_decision else ""


EARLY = RestControl(name="resource policy", compile=_compile_early, narrate=_narrate)
LATE = RestControl(
    name="resource policy, after the authorizer", compile=_compile_late, narrate=_narrate
)
