"""The IAM authorizer, second part: the signature, over the whole request with its body.

Check 16 of iam-sts §6. It waits for the body, so the steps after it do as well; a request without
one is decided at once. A body may take hours, in which its signer may lose what it had: whoever
signed is looked up once more if anything about anybody has changed since the head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.control import GuardedMethod, GuardedRoute, HttpControl, RestControl, Step
from bargate.access.iam_refusal import refuse_http, refuse_rest
from bargate.access.identities import Identity
from bargate.sigv4.fault import SignatureFault
from bargate.sigv4.style import EXECUTE_API
from bargate.sigv4.verify import verify

if TYPE_CHECKING:
    from bargate.access.call import Call, Facts
    from bargate.access.iam_refusal import Refuse
    from bargate.access.verdict import Denial, Need

_UNSIGNED = SignatureFault(
    "MissingAuthenticationToken", EXECUTE_API.missing, "sigv4.missing", "nobody claims the call"
)


def _compile_method(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type == "AWS_IAM":
        return _step(guarded, refuse_rest)
    return _if_claimed(_step(guarded, refuse_rest)) if guarded.api.is_private else None


def _if_claimed(step: Step) -> Step:
    """Verify a signature where `iam_credentials` found one."""

    def signature_if_claimed(call: Call, facts: Facts) -> Denial | Need | None:
        return None if facts.signer is None else step(call, facts)

    return signature_if_claimed


def _compile_route(guarded: GuardedRoute) -> Step | None:
    if guarded.route.authorization_type != "AWS_IAM":
        return None
    return _step(guarded, refuse_http)


def _step(guarded: GuardedMethod | GuardedRoute, refuse: Refuse) -> Step:
    identities = guarded.identities

    def signature(call: Call, facts: Facts) -> Denial | None:
        signer = facts.signer
        if signer is None:
            return refuse(_UNSIGNED)
        identity = signer.identity
        if signer.version != identities.version:
            claimed = signer.authorization
            found = identities.find(claimed.access_key_id, claimed.session_token, call.received_at)
            if not isinstance(found, Identity):
                return refuse(found)
            identity = found
        fault = verify(signer.authorization, signer.request, identity.secret, signer.expected)
        if fault is not None:
            return refuse(fault)
        facts.identity = identity
        return None

    return signature


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    return f"signed by {facts.identity.arn}" if facts.identity else ""


REST_CONTROL = RestControl(
    name="IAM authorizer: signature",
    compile=_compile_method,
    narrate=_narrate,
    reads_body=True,
)
HTTP_CONTROL = HttpControl(
    name="IAM authorizer: signature", compile=_compile_route, narrate=_narrate, reads_body=True
)
