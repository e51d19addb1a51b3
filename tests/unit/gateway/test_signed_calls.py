"""Signed requests as bytes on the wire, through head reader and dispatcher; botocore signs them."""

from __future__ import annotations

from time import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec import structs

from bargate.access.call import Call
from bargate.gateway.dispatch import Dispatcher
from bargate.gateway.head import HeadReader
from bargate.gateway.limits import Limits
from bargate.gateway.request_line import BadRequest
from bargate.gateway.serving import CallRecord
from bargate.mapping.plan import Response
from bargate.model.identity import AccessKey, User
from bargate.secret import Secret
from bargate.snapshot.compile import Options, compile_snapshot
from bargate.snapshot.identities import CompiledIdentities
from bargate.snapshot.parts import part_name
from bargate.snapshot.trial import NoKeys
from building import ACCOUNT, PLACE, method, policy, rest_api, served_stages

HOST = "petstore.execute-api.us-east-1.localhost:8080"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ALLOW = policy(
    {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": [
            f"arn:aws:execute-api:us-east-1:{ACCOUNT}:petstore/prod/GET/*",
            f"arn:aws:execute-api:us-east-1:{ACCOUNT}:petstore/prod/POST/*",
        ],
    }
)
USER = User(
    arn=f"arn:aws:iam::{ACCOUNT}:user/ann", user_id="AIDAANN", account_id=ACCOUNT, policies=(ALLOW,)
)
KEY = AccessKey(id="AKIAANN", secret=Secret(SECRET), account_id=ACCOUNT, user_arn=USER.arn)


def dispatcher() -> Dispatcher:
    identities = CompiledIdentities()
    for part in (USER, KEY):
        identities.apply(part_name(part), part)
    api = rest_api(("/{proxy+}", method("ANY", authorization_type="AWS_IAM")))
    installation = structs.replace(PLACE, served=served_stages(api))
    return Dispatcher(
        compile_snapshot(installation, NoKeys(), options=Options(identities=identities)), 10 << 20
    )


def sign(
    verb: str = "GET",
    target: str = "/prod/pets",
    body: bytes = b"",
    *,
    query: bool = False,
    **headers: str,
) -> tuple[str, dict[str, str]]:
    """Give target and headers as botocore signs them now."""
    made = AWSRequest(verb, f"http://{HOST}{target}", headers=headers, data=body)
    auth = SigV4QueryAuth if query else SigV4Auth
    auth(Credentials("AKIAANN", SECRET), "execute-api", "us-east-1").add_auth(made)
    return made.url.removeprefix(f"http://{HOST}"), dict(made.headers.items())


def send(
    verb: str, target: str, headers: dict[str, str], body: bytes = b"", *extra: str
) -> tuple[int, str | None]:
    """Give the status, and the reason of a refusal."""
    lines = [
        f"{verb} {target} HTTP/1.1",
        f"Host: {HOST}",
        *(f"{n}: {v}" for n, v in headers.items()),
    ]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    block = "\r\n".join([*lines, *extra, "", ""]).encode()
    head = HeadReader(Limits()).read(block)
    call = Call(
        head.method, head.path, head.path, head.query, head.headers, head.header,
        "127.0.0.1", False, "HTTP/1.1", time(), "request-id", "extended-id",
    )  # fmt: skip
    record = CallRecord(call=call, started_s=0.0)
    made = dispatcher()
    outcome: Any = made.begin(record, head)
    if outcome is None:
        call.body = body
        outcome = made.finish(record)
    assert isinstance(outcome, Response)
    return outcome.status, None if record.denial is None else record.denial.reason


@pytest.mark.parametrize(
    "target",
    ["/prod/pets", "/prod/pets?b=2&a=1&a=0", "/_api/petstore/prod/pets", "/prod/a%20b/c%2Fd",
     "/prod/%C3%A9?x=%C3%A9+%20", "/prod/pets/", "/prod/~user/(1)/a:b@c,d;e=f"],
)  # fmt: skip
@pytest.mark.parametrize("query", [False, True])
def test_what_botocore_signs_is_served(target: str, query: bool) -> None:
    if query or "+" not in target:  # botocore's header form signs a raw plus as a plus
        signed, headers = sign(target=target, query=query)
        assert send("GET", signed, headers) == (200, None)


def test_a_body_is_signed() -> None:
    target, headers = sign("POST", body=b'{"a":1}', **{"Content-Type": "application/json"})
    assert send("POST", target, headers, b'{"a":1}') == (200, None)
    assert send("POST", target, headers, b'{"a":2}') == (403, "sigv4.signature")
    assert send("POST", target, headers) == (403, "sigv4.signature")


def test_a_signature_for_one_path_opens_no_other() -> None:
    _, headers = sign(target="/prod/pets")
    for path in ("/prod/admin", "/prod/pets/", "/prod/pets%2F", "/_api/petstore/prod/pets"):
        assert send("GET", path, headers)[0] == 403, path
    for path in ("/prod//pets", "//prod/pets"):
        assert send("GET", path, headers)[1] in {"route.unknown", "host.unknown_stage"}, path
    for path in ("/prod/./pets", "/prod/x/../pets"):
        with pytest.raises(BadRequest):
            send("GET", path, headers)


def test_smuggled_headers_change_nothing_or_are_refused() -> None:
    target, headers = sign(**{"X-Role": "reader"})
    assert send("GET", target, headers) == (200, None)
    assert send("GET", target, headers, b"", "x-role: admin")[0] == 403
    assert send("GET", target, headers, b"", "Connection: x-role")[0] == 403
    assert send("GET", target, headers, b"", "X-Amz-Date: 20200101T000000Z")[0] == 403
    assert send("GET", target, headers, b"", "X-Amz-Security-Token: x")[0] == 403


def test_an_override_must_be_signed_and_is_what_policies_see() -> None:
    target, headers = sign("POST", **{"X-HTTP-Method-Override": "GET"})
    assert send("POST", target, headers) == (200, None)
    target, headers = sign("POST", **{"X-HTTP-Method-Override": "DELETE"})
    assert send("POST", target, headers) == (403, "iam.implicit_deny")
    target, headers = sign("POST")
    override = "X-HTTP-Method-Override: GET"
    assert send("POST", target, headers, b"", override) == (403, "sigv4.method_override")


def test_another_host_is_another_signature() -> None:
    target, headers = sign()
    other = "petstore.execute-api.us-east-1.localhost:9090"
    assert send("GET", f"http://{other}{target}", headers)[0] == 403
