"""The IAM authorizer, run as the gateway runs it: credentials, signature, permissions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import structs

from bargate.access import explain as explaining
from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, GuardedRoute
from bargate.access.order import HTTP_API, REST_API
from bargate.access.verdict import Denial
from bargate.mapping.context import compile_variable, place_of
from bargate.mapping.gateway_responses import compile_gateway_responses
from bargate.mapping.http_api_errors import HttpApiErrors
from bargate.model.http_api import HttpApi, Route
from bargate.model.identity import AccessKey, Role, User
from bargate.secret import Secret
from bargate.sigv4.request import SignedRequest, sha256_of
from bargate.sigv4.sign import Signer, presign, sign
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import part_name
from bargate.snapshot.trial import NoKeys
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey, Session
from building import ACCOUNT, PLACE, STAGE, call, method, policy, rest_api
from signing import KEY, SECRET, SIGNER

NOW = 1_790_000_000.0
OTHER = "999988887777"
ARN = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:petstore/prod"
INVOKE = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{ARN}/*"}
ANYONE = {**INVOKE, "Principal": "*"}
ANN = User(arn=f"arn:aws:iam::{ACCOUNT}:user/ann", user_id="AIDAANN", account_id=ACCOUNT)
ANNS_KEY = AccessKey(id=KEY, secret=SECRET, account_id=ACCOUNT, user_arn=ANN.arn)
SEALING = SealingKey(id="k1", key=Secret("sealing key"))
ROLE = Role(arn=f"arn:aws:iam::{ACCOUNT}:role/reader", role_id="AROAR", account_id=ACCOUNT)
SESSION = Session(
    kind="AssumeRole",
    access_key_id="ASIAONE",
    secret=Secret("session secret"),
    account_id=ACCOUNT,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/job",
    user_id="AROAR:job",
    issuer_arn=ROLE.arn,
    issuer_id="AROAR",
    issued_at=int(NOW) - 10,
    expires_at=int(NOW) + 1000,
)
HOST = "petstore.execute-api.us-east-1.localhost"


def known(*parts: Any) -> CompiledIdentities:
    made = CompiledIdentities()
    for part in parts:
        made.apply(part_name(part), part)
    return made


def ann(*statements: dict[str, Any], **fields: Any) -> CompiledIdentities:
    policies = (policy(*statements),) if statements else ()
    return known(ANNS_KEY, structs.replace(ANN, policies=policies, **fields))


def reader(*statements: dict[str, Any], **fields: Any) -> CompiledIdentities:
    return known(SEALING, structs.replace(ROLE, policies=(policy(*statements),), **fields))


def signed_call(
    verb: str = "GET", path: str = "/pets", signer: Signer = SIGNER, **fields: Any
) -> Call:
    """Sign a call as a client does, then give it as the gateway gets it."""
    query, body = fields.get("query", ""), fields.get("body", b"")
    headers = [(b"Host", HOST.encode()), *fields.pop("more", [])]
    full = f"/prod{path}"
    at = fields.get("received_at", NOW)
    request = SignedRequest(verb, full, query, headers, sha256_of(body))
    if fields.pop("presigned", False):
        fields["query"] = presign(request, signer, at, 60)
    else:
        headers += sign(request, signer, at)
    made = call(verb, path, headers={n.decode(): v.decode("latin-1") for n, v in headers})
    return structs.replace(made, **{"received_at": NOW, **fields})


def session_signer(session: Session = SESSION) -> Signer:
    return structs.replace(
        SIGNER,
        access_key_id=session.access_key_id,
        secret=session.secret,
        session_token=Sealer((SEALING,)).seal(session),
    )


def guard(
    identities: CompiledIdentities, resource_policy: str | None = None, verb: str = "GET"
) -> GuardedMethod:
    api = rest_api(
        ("/{proxy+}", method(verb, authorization_type="AWS_IAM")), policy=resource_policy
    )
    resource = api.resources[0]
    return GuardedMethod(
        PLACE, api, STAGE, resource, resource.methods[0], NoKeys(), identities=identities
    )


def decide(guarded: Any, made: Call) -> tuple[Denial | None, Facts]:
    controls = REST_API if isinstance(guarded, GuardedMethod) else HTTP_API
    compiled = tuple((control, control.compile(guarded)) for control in controls)
    facts = Facts({})
    outcome = explaining.explain(compiled, made, facts).outcome
    assert outcome is None or isinstance(outcome, Denial)
    return outcome, facts


def refused(guarded: Any, made: Call) -> Denial:
    denial, _ = decide(guarded, made)
    assert denial is not None, "it passed"
    return denial


def passes(guarded: Any, made: Call) -> bool:
    return decide(guarded, made)[0] is None


def rendered(guarded: GuardedMethod, denial: Denial) -> tuple[int, str, Any]:
    refuser = compile_gateway_responses(guarded.api, STAGE, PLACE)
    response = refuser.render(call(), None, None, denial)
    headers = {name.lower(): value for name, value in response.headers}
    return response.status, headers[b"x-amzn-errortype"].decode(), json.loads(response.body)


def test_a_user_who_may_call_passes_and_is_told_to_templates() -> None:
    guarded = guard(ann(INVOKE))
    denial, facts = decide(guarded, signed_call())
    assert denial is None
    place = place_of("REST", PLACE, "petstore", STAGE)
    said = {
        name: compile_variable(f"identity.{name}")(call(), facts, place)
        for name in ("caller", "user", "userArn", "accountId", "accessKey")
    }
    assert said == {
        "caller": "AIDAANN", "user": "AIDAANN", "userArn": ANN.arn, "accountId": ACCOUNT,
        "accessKey": KEY,
    }  # fmt: skip


@pytest.mark.parametrize("fields", [{"presigned": True}, {"query": "a=b&c=%20"}, {"body": b"x"}])
def test_every_form_of_a_signature_passes(fields: dict[str, Any]) -> None:
    assert passes(guard(ann(INVOKE), verb="ANY"), signed_call("POST", **fields))


def test_temporary_credentials_pass() -> None:
    guarded = guard(reader(INVOKE))
    assert passes(guarded, signed_call(signer=session_signer()))
    assert passes(guarded, signed_call(signer=session_signer(), presigned=True))


def test_a_silent_policy_is_told_in_the_words_of_aws() -> None:
    guarded = guard(ann())
    denial = refused(guarded, signed_call())
    assert rendered(guarded, denial) == (
        403,
        "AccessDeniedException",
        {
            "Message": f"User: {ANN.arn} is not authorized to perform: execute-api:Invoke on"
            " resource: arn:aws:execute-api:us-east-1:********9012:petstore/prod/GET/pets because"
            " no identity-based policy allows the execute-api:Invoke action"
        },
    )


@pytest.mark.parametrize(
    ("identities", "resource", "ending"),
    [
        (ann(INVOKE, {**INVOKE, "Effect": "Deny"}), None, "explicit deny in an identity-based policy"),
        (ann(INVOKE), policy({**ANYONE, "Effect": "Deny"}), "explicit deny in a resource-based policy"),
        (ann(INVOKE, boundary=policy({**INVOKE, "Effect": "Deny"})), None,
         "explicit deny in a permissions boundary"),
        (ann(INVOKE, boundary=policy({**INVOKE, "Action": "s3:*"})), None,
         "because no permissions boundary allows the execute-api:Invoke action"),
    ],
)  # fmt: skip
def test_what_denied_is_named(identities: CompiledIdentities, resource: Any, ending: str) -> None:
    denial = refused(guard(identities, resource), signed_call())
    assert denial.message is not None
    assert denial.message.endswith(ending)
    assert denial.response_type == "ACCESS_DENIED"


def test_a_session_policy_limits() -> None:
    limited = structs.replace(
        SESSION, policies=(policy({**INVOKE, "Resource": f"{ARN}/GET/dogs"}),)
    )
    guarded = guard(reader(INVOKE))
    assert passes(guarded, signed_call(path="/dogs", signer=session_signer(limited)))
    denial = refused(guarded, signed_call(signer=session_signer(limited)))
    assert denial.message is not None
    assert denial.message.endswith("because no session policy allows the execute-api:Invoke action")


def test_sessions_are_revoked_by_their_issue_time() -> None:
    revoke = {
        "Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": "2026-09-21T14:13:15Z"}},
    }  # fmt: skip
    guarded = guard(reader(INVOKE, revoke))
    assert refused(guarded, signed_call(signer=session_signer())).reason == "iam.explicit_deny"
    later = structs.replace(SESSION, issued_at=int(NOW) - 1)
    assert passes(guarded, signed_call(signer=session_signer(later)))


@pytest.mark.parametrize(
    ("own", "resource", "same", "other"),
    [
        ("Allow", "Allow", True, True), ("Allow", None, True, False), ("Allow", "Deny", False, False),
        (None, "Allow", True, False), (None, None, False, False), (None, "Deny", False, False),
        ("Deny", "Allow", False, False), ("Deny", None, False, False), ("Deny", "Deny", False, False),
    ],
)  # fmt: skip
def test_tables_a_and_b(own: Any, resource: Any, same: bool, other: bool) -> None:
    silent = {**INVOKE, "Resource": f"{ARN}/GET/else"}
    mine = {**INVOKE, "Effect": own} if own else silent
    theirs = {**(INVOKE if resource else silent), "Effect": resource or "Allow", "Principal": "*"}
    guarded = guard(ann(mine), policy(theirs))
    assert passes(guarded, signed_call()) is same
    foreign = structs.replace(
        ANN, arn=f"arn:aws:iam::{OTHER}:user/ann", account_id=OTHER, policies=(policy(mine),)
    )
    key = structs.replace(ANNS_KEY, account_id=OTHER, user_arn=foreign.arn)
    assert passes(guard(known(key, foreign), policy(theirs)), signed_call()) is other


def test_an_account_in_a_resource_policy_only_delegates() -> None:
    to_account = policy({**ANYONE, "Principal": {"AWS": ACCOUNT}})
    assert not passes(guard(ann(), to_account), signed_call())
    assert passes(guard(ann(), policy({**ANYONE, "Principal": {"AWS": ANN.arn}})), signed_call())


def test_a_deny_by_the_signers_keys_holds() -> None:
    only_ann = {
        **ANYONE, "Effect": "Deny",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": ANN.arn}},
    }  # fmt: skip
    not_ann = {**ANYONE, "Effect": "Deny", "Condition": {"StringEquals": {"aws:username": "ann"}}}
    assert passes(guard(ann(), policy(ANYONE, only_ann)), signed_call())
    assert not passes(guard(ann(), policy(ANYONE, not_ann)), signed_call())
    assert not passes(
        guard(reader(INVOKE), policy(ANYONE, only_ann)), signed_call(signer=session_signer())
    )


def test_conditions_see_the_call_the_signer_and_the_place() -> None:
    conditions = {
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
        "StringEquals": {
            "aws:PrincipalTag/Team": "blue",
            "aws:RequestedRegion": "us-east-1",
            "aws:ResourceAccount": ACCOUNT,
            "aws:PrincipalType": "User",
        },
    }
    guarded = guard(ann({**INVOKE, "Condition": conditions}, tags={"team": "blue"}))
    assert passes(guarded, signed_call())
    assert not passes(guarded, signed_call(source_ip="198.51.100.1"))
    tag = [(b"aws:SourceIp", b"203.0.113.7"), (b"X-Forwarded-For", b"203.0.113.7")]
    assert not passes(guarded, signed_call(source_ip="198.51.100.1", more=tag))


def test_other_readings_of_a_path_are_decided_too() -> None:
    guarded = guard(ann(INVOKE, {**INVOKE, "Effect": "Deny", "Resource": f"{ARN}/GET/admin/*"}))
    assert passes(guarded, signed_call(path="/public%2Fx"))
    for path in ("/admin%2Fx", "/admin;v=1/x", "/admin%5Cx", "/%61dmin%2Fx"):
        assert not passes(guarded, signed_call(path=path)), path


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"method": "HEAD"}, "sigv4.signature"),
        ({"path": "/prod/dogs", "resource_path": "/dogs"}, "sigv4.signature"),
        ({"query": "a=b"}, "sigv4.signature"),
        ({"body": b"{}"}, "sigv4.signature"),
        ({"received_at": NOW + 301}, "sigv4.expired"),
        ({"received_at": NOW - 301}, "sigv4.not_yet_current"),
        ({"headers": []}, "sigv4.missing"),
    ],
)
def test_a_changed_call_is_refused(change: dict[str, Any], reason: str) -> None:
    guarded = guard(ann(INVOKE), verb="ANY")
    assert refused(guarded, structs.replace(signed_call(), **change)).reason == reason


def test_a_body_that_was_not_signed_is_refused_after_it_came() -> None:
    guarded = guard(ann(INVOKE), verb="ANY")
    made = signed_call("POST", body=b'{"a":1}')
    assert passes(guarded, made)
    assert not passes(guarded, structs.replace(made, body=b'{"a":2}'))


def test_junk_is_refused_before_the_body_is_wanted() -> None:
    guarded = guard(ann(INVOKE), verb="ANY")
    head = []
    for control in REST_API:
        if control.reads_body and control.compile(guarded):
            break
        head.append(control)
    facts = Facts({})
    steps = [step for step in (control.compile(guarded) for control in head) if step]
    for made in (
        call("POST"),
        signed_call("POST", signer=structs.replace(SIGNER, access_key_id="X")),
        signed_call("POST", received_at=NOW + 0.0, signer=structs.replace(SIGNER, region="eu")),
    ):
        assert any(step(made, facts) for step in steps)
    assert not any(step(signed_call("POST"), facts) for step in steps)
    assert facts.identity is None, "nothing is proven before the body came"


def test_the_method_that_was_sent_is_signed_and_the_one_that_is_meant_is_decided() -> None:
    guarded = guard(ann({**INVOKE, "Resource": f"{ARN}/DELETE/*"}), verb="ANY")
    override = (b"X-HTTP-Method-Override", b"DELETE")
    made = signed_call("POST", more=[override])
    meant = structs.replace(made, method="DELETE", sent_method="POST")
    assert passes(guarded, meant)
    assert not passes(guarded, made)
    unsigned = structs.replace(signed_call("POST"), method="DELETE", sent_method="POST")
    unsigned.headers.append(override)
    assert refused(guarded, unsigned).reason == "sigv4.method_override"


@pytest.mark.parametrize(
    ("signer", "identities", "error_type", "message"),
    [
        (SIGNER, known(), "UnrecognizedClientException",
         "The security token included in the request is invalid."),
        (session_signer(), reader(INVOKE), None, None),
        (session_signer(), known(SEALING), "UnrecognizedClientException",
         "The security token included in the request is invalid"),
        (session_signer(structs.replace(SESSION, expires_at=int(NOW))), reader(INVOKE),
         "ExpiredTokenException", "The security token included in the request is expired"),
        (structs.replace(session_signer(), session_token=None), reader(INVOKE),
         "UnrecognizedClientException", "The security token included in the request is invalid."),
        (structs.replace(SIGNER, session_token="junk"), ann(INVOKE),
         "UnrecognizedClientException", "The security token included in the request is invalid"),
    ],
)  # fmt: skip
def test_unknown_credentials_are_told_as_recorded(
    signer: Signer, identities: CompiledIdentities, error_type: Any, message: Any
) -> None:
    guarded = guard(identities)
    denial, _ = decide(guarded, signed_call(signer=signer))
    if error_type is None:
        assert denial is None
        return
    assert denial is not None
    assert rendered(guarded, denial) == (403, error_type, {"message": message})


def test_signature_faults_are_told_as_recorded() -> None:
    guarded = guard(ann(INVOKE))
    missing = rendered(guarded, refused(guarded, call()))
    assert missing == (
        403, "MissingAuthenticationTokenException", {"message": "Missing Authentication Token"}
    )  # fmt: skip
    bearer = rendered(guarded, refused(guarded, call(headers={"Authorization": "Bearer x"})))
    assert bearer[:2] == (403, "IncompleteSignatureException")
    wrong = structs.replace(SIGNER, secret=Secret("other"))
    status, error_type, body = rendered(guarded, refused(guarded, signed_call(signer=wrong)))
    assert (status, error_type) == (403, "InvalidSignatureException")
    assert (
        "The Canonical String for this request should have been\n'GET\n/prod/pets\n"
        in body["message"]
    )
    query = rendered(guarded, refused(guarded, call(query="a=%zz")))
    assert query[:2] == (400, "MalformedQueryStringException")


def test_the_region_and_the_skew_are_the_installations() -> None:
    guarded = guard(ann(INVOKE))
    place = structs.replace(PLACE, region="eu-west-1", signature_skew_s=60)
    abroad = structs.replace(guarded, installation=place)
    assert refused(abroad, signed_call()).reason == "sigv4.scope"
    strict = structs.replace(guarded, installation=structs.replace(PLACE, signature_skew_s=60))
    made = structs.replace(signed_call(), received_at=NOW + 61)
    assert passes(guarded, made)
    assert refused(strict, made).reason == "sigv4.expired"


def route(identities: CompiledIdentities) -> GuardedRoute:
    made = Route(route_key="GET /pets", authorization_type="AWS_IAM")
    api = HttpApi(id="petstore", name="Pets", routes=(made,))
    return GuardedRoute(PLACE, api, STAGE, made, NoKeys(), identities=identities)


def test_http_apis_decide_by_the_identity_alone_and_say_forbidden() -> None:
    assert passes(route(ann(INVOKE)), signed_call())
    foreign = structs.replace(
        ANN, arn=f"arn:aws:iam::{OTHER}:user/ann", account_id=OTHER, policies=(policy(INVOKE),)
    )
    key = structs.replace(ANNS_KEY, account_id=OTHER, user_arn=foreign.arn)
    refusals = [
        refused(route(known(key, foreign)), signed_call()),
        refused(route(ann()), signed_call()),
        refused(route(ann(INVOKE)), call()),
        refused(route(ann(INVOKE)), call(query="a=%zz")),
        refused(route(known()), signed_call()),
        refused(route(ann(INVOKE)), structs.replace(signed_call(), query="a=b")),
    ]
    for denial in refusals:
        response = HttpApiErrors().render(call(), None, None, denial)
        assert (response.status, response.body) == (403, b'{"message":"Forbidden"}')
        assert denial.detail


def test_an_explanation_tells_who_with_what_and_why_and_no_secret() -> None:
    guarded = guard(reader({**INVOKE, "Sid": "Read"}))
    compiled = tuple((control, control.compile(guarded)) for control in REST_API)
    signer = session_signer()
    told = explaining.explain(compiled, signed_call(signer=signer), Facts({}))
    lines = {step.control: step.detail for step in told.steps if step.verdict == "passed"}
    assert lines["IAM authorizer: credentials"] == (
        f"temporary access key ASIAONE of {SESSION.arn}, AWS4-HMAC-SHA256 in the header"
    )
    assert lines["IAM authorizer: signature"] == f"signed by {SESSION.arn}"
    assert lines["IAM authorizer: permissions"] == (
        "Allowed by statement 0 (Read) of identity-based policy."
    )
    everything = repr(told)
    assert signer.session_token is not None
    assert signer.session_token not in everything
    assert "session secret" not in everything


@pytest.mark.parametrize("kind", ["NONE", "COGNITO_USER_POOLS", "CUSTOM"])
def test_other_methods_have_no_such_steps(kind: str) -> None:
    api = rest_api(("/pets", method(authorization_type=kind)))
    resource = api.resources[0]
    guarded = GuardedMethod(PLACE, api, STAGE, resource, resource.methods[0], NoKeys())
    iam = [control for control in REST_API if control.name.startswith("IAM authorizer")]
    assert len(iam) == 3
    assert all(control.compile(guarded) is None for control in iam)


def test_permissions_are_never_granted_without_a_verified_signature() -> None:
    guarded = guard(ann(INVOKE))
    for name in ("IAM authorizer: signature", "IAM authorizer: permissions"):
        control = next(each for each in REST_API if each.name == name)
        step = control.compile(guarded)
        assert step is not None
        assert isinstance(step(signed_call(), Facts({})), Denial)
