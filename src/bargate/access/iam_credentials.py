"""The IAM authorizer, first part: who claims to have signed, with credentials that exist.

Everything that the head of a request can tell is checked here, so that nobody's junk is held in
memory: the form of the signature, its date and scope (checks 1-13 of iam-sts §6), the access key
and its session token (14, 15). Nothing of it is proven before `iam_signature`.
"""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.access.control import GuardedMethod, GuardedRoute, HttpControl, RestControl, Step
from bargate.access.iam_refusal import refuse_http, refuse_rest
from bargate.access.identities import Identity
from bargate.sigv4.authorization import Authorization, Expected, read_authorization
from bargate.sigv4.fault import SignatureFault
from bargate.sigv4.presented import query_parameters
from bargate.sigv4.request import EMPTY_SHA256, SignedRequest
from bargate.sigv4.style import EXECUTE_API

if TYPE_CHECKING:
    from bargate.access.call import Call, Facts
    from bargate.access.iam_refusal import Refuse
    from bargate.access.verdict import Denial, Need
    from bargate.model.installation import Installation

SERVICE = "execute-api"
_OVERRIDE = b"x-http-method-override"
_SIGNED = b"AWS4-"
_UNSIGNED_OVERRIDE = SignatureFault(
    "InvalidSignature",
    "There were headers present in the request which were not signed: x-http-method-override",
    "sigv4.method_override",
    "X-HTTP-Method-Override is not signed, and would make another method of a signed one",
)


class Signer(Struct, frozen=True, eq=False):
    """Who claims to have signed a call, yet unproven; as the directory had it at `version`."""

    authorization: Authorization
    identity: Identity
    request: SignedRequest
    expected: Expected
    version: int


def _compile_method(guarded: GuardedMethod) -> Step | None:
    if guarded.method.authorization_type == "AWS_IAM":
        return _step(guarded, refuse_rest)
    return _if_signed(_step(guarded, refuse_rest)) if guarded.api.is_private else None


def _if_signed(step: Step) -> Step:
    """Hold a signature to be proven wherever one is given.

    AWS [D] apigw-evaluation §4: the endpoint's policy sees who signed, whatever the method asks for.
    """

    def credentials_if_signed(call: Call, facts: Facts) -> Denial | Need | None:
        return step(call, facts) if is_signed(call) else None

    return credentials_if_signed


def is_signed(call: Call) -> bool:
    """Say whether a call claims to be signed; bearer tokens and the like are no signatures."""
    value = call.header.get(b"authorization")
    if value is not None:
        return value.startswith(_SIGNED)
    return "X-Amz-Algorithm" in query_parameters(call.query)


def _compile_route(guarded: GuardedRoute) -> Step | None:
    if guarded.route.authorization_type != "AWS_IAM":
        return None
    return _step(guarded, refuse_http)


def expected_of(installation: Installation) -> Expected:
    """Give what calls to the APIs of an installation must be signed for."""
    return Expected(
        service=SERVICE,
        region=installation.region,
        style=EXECUTE_API,
        skew_s=installation.signature_skew_s,
    )


def _step(guarded: GuardedMethod | GuardedRoute, refuse: Refuse) -> Step:
    expected, identities = expected_of(guarded.installation), guarded.identities

    def credentials(call: Call, facts: Facts) -> Denial | None:
        request = signed_request(call)
        authorization = read_authorization(request, expected, call.received_at)
        if not isinstance(authorization, Authorization):
            return refuse(authorization)
        if call.sent_method and _OVERRIDE not in authorization.signed_headers:
            return refuse(_UNSIGNED_OVERRIDE)
        identity = identities.find(
            authorization.access_key_id, authorization.session_token, call.received_at
        )
        if not isinstance(identity, Identity):
            return refuse(identity)
        facts.signer = Signer(authorization, identity, request, expected, identities.version)
        return None

    return credentials


def signed_request(call: Call) -> SignedRequest:
    """Give a call as its signer saw it: method and path as sent, whatever they were routed as."""
    # The call has read its headers already; a signer joins repeated ones in another way.
    known = (call.headers, call.header) if len(call.header) == len(call.headers) else None
    return SignedRequest(
        call.sent_method or call.method,
        call.path,
        call.query,
        call.headers,
        partial(_body_sha256, call),
        known,
    )


def _body_sha256(call: Call) -> str:
    return sha256(call.body).hexdigest() if call.body else EMPTY_SHA256


def _narrate(call: Call, facts: Facts) -> str:  # noqa: ARG001  one signature for all controls
    signer = facts.signer
    if signer is None:
        return ""
    kind = "temporary" if signer.authorization.session_token is not None else "long-term"
    return (
        f"{kind} access key {signer.identity.access_key_id} of {signer.identity.arn},"
        f" {signer.authorization.algorithm} in the {signer.authorization.form}"
    )


REST_CONTROL = RestControl(
    name="IAM authorizer: credentials", compile=_compile_method, narrate=_narrate
)
HTTP_CONTROL = HttpControl(
    name="IAM authorizer: credentials", compile=_compile_route, narrate=_narrate
)
