"""The IAM authorizer without any network: credentials, signature and permissions of signed calls.

Every call has another query and so another signature; the credentials are those of one role
session, whose token is sealed as STS seals it.
"""

import json
import time
from statistics import median

from bargate.access import iam_authorizer, iam_credentials, iam_signature
from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod, Step
from bargate.model.identity import Role
from bargate.model.installation import DEFAULT_ACCOUNT_ID, DEFAULT_REGION, Installation, Stage
from bargate.model.rest_api import Integration, Method, Resource, RestApi
from bargate.secret import Secret
from bargate.sigv4.request import SignedRequest
from bargate.sigv4.sign import Signer, sign
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import part_name
from bargate.snapshot.trial import NoKeys
from bargate.tokens.sealed import Sealer
from bargate.tokens.session import SealingKey, Session
from bench import documents

SIGNED = "signed call: IAM authorizer, policy of 20 statements"

_API_ARN = f"arn:aws:execute-api:{DEFAULT_REGION}:{DEFAULT_ACCOUNT_ID}:{documents.API_ID}"
_ROLE = Role(
    arn=f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/bench",
    role_id="AROABENCH",
    account_id=DEFAULT_ACCOUNT_ID,
    policies=(json.dumps(documents.identity_policy()),),
)
_SEALING = SealingKey(id="bench", key=Secret("the sealing key of the bench"))
_CALLS, _REPEATS = 300, 40


def iam_us() -> dict[str, float]:
    """Measure the three steps of the IAM authorizer, all together, in microseconds a call."""
    steps = authorizer_steps()
    now = time.time()
    signer = session_signer(int(now))
    calls = [signed_call(signer, number, now) for number in range(_CALLS)]
    for call in calls:
        pass_through(steps, call)
    return {SIGNED: median(_round_us(steps, calls) for _ in range(_REPEATS))}


def authorizer_steps() -> tuple[Step, ...]:
    """Compile the steps of an AWS_IAM method behind the resource policy, as a snapshot does."""
    controls = (
        iam_credentials.REST_CONTROL,
        iam_signature.REST_CONTROL,
        iam_authorizer.REST_CONTROL,
    )
    guarded = _guarded()
    steps = tuple(step for control in controls if (step := control.compile(guarded)))
    if len(steps) != len(controls):
        raise AssertionError("the method of the bench must be guarded")
    return steps


def signed_call(signer: Signer, number: int, now: float) -> Call:
    """Make one call as the gateway gets it, signed with the credentials of the session."""
    path, query = f"/_api/{documents.API_ID}/{documents.STAGE}/pets/1", f"visit={number}"
    headers = [(b"Host", b"127.0.0.1:8080"), (b"User-Agent", b"bench/1")]
    headers += sign(SignedRequest("GET", path, query, headers), signer, now)
    return Call(
        method="GET",
        path=path,
        resource_path="/pets/1",
        query=query,
        headers=headers,
        header={name.lower(): value for name, value in headers},
        source_ip="127.0.0.1",
        secure=False,
        protocol="HTTP/1.1",
        received_at=now,
        request_id="",
        extended_request_id="",
    )


def _round_us(steps: tuple[Step, ...], calls: list[Call]) -> float:
    started = time.perf_counter()
    for call in calls:
        pass_through(steps, call)
    return (time.perf_counter() - started) / len(calls) * 1e6


def pass_through(steps: tuple[Step, ...], call: Call) -> None:
    """Put one call through; raises AssertionError where it is refused."""
    facts = Facts({})
    for step in steps:
        if step(call, facts) is not None:
            raise AssertionError("the signed call of the bench must pass")


def _guarded() -> GuardedMethod:
    identities = CompiledIdentities()
    for part in (_ROLE, _SEALING):
        identities.apply(part_name(part), part)
    integration = Integration(type="HTTP_PROXY", http_method="GET", uri="http://127.0.0.1/")
    method = Method(http_method="GET", authorization_type="AWS_IAM", integration=integration)
    resource = Resource(id="pet", path="/pets/{petId}", methods=(method,))
    policy = json.dumps(documents.policy(_ROLE.arn)).replace("execute-api:/", f"{_API_ARN}/")
    api = RestApi(id=documents.API_ID, name="Bench", policy=policy, resources=(resource,))
    stage = Stage(name=documents.STAGE)
    return GuardedMethod(
        Installation(), api, stage, resource, method, NoKeys(), identities=identities
    )


def session_signer(now: int) -> Signer:
    """Make credentials as AssumeRole does: the token holds the session, sealed."""
    session = Session(
        kind="AssumeRole",
        access_key_id="ASIABENCH",
        secret=Secret("the secret of the session"),
        account_id=DEFAULT_ACCOUNT_ID,
        arn=f"arn:aws:sts::{DEFAULT_ACCOUNT_ID}:assumed-role/bench/load",
        user_id=f"{_ROLE.role_id}:load",
        issuer_arn=_ROLE.arn,
        issuer_id=_ROLE.role_id,
        issued_at=now,
        expires_at=now + 3600,
    )
    return Signer(
        access_key_id=session.access_key_id,
        secret=session.secret,
        region=DEFAULT_REGION,
        service=iam_credentials.SERVICE,
        session_token=Sealer((_SEALING,)).seal(session),
    )
