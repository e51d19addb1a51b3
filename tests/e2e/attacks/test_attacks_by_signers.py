"""What holders of credentials may try at the gateway once they have lost what they had."""

from __future__ import annotations

import hashlib
import json
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

sys.path.append(str(Path(__file__).parents[1] / "control"))
from installation import (
    REGION,
    Api,
    Key,
    Running,
    allow,
    deployed_api,
    installation,
    trust,
    until,
    user_key,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("signers")
    with installation(folder=folder / "data", run_dir=folder / "run") as made:
        yield made


@pytest.fixture(scope="module")
def api(running: Running) -> Api:
    return deployed_api(running)


def account_of(running: Running) -> str:
    account: str = running.client("sts").get_caller_identity()["Account"]
    return account


def begun(running: Running, path: str, key: Key, body: bytes) -> socket.socket:
    """Send a signed request but for the last byte of its body."""
    request = AWSRequest("GET", f"http://127.0.0.1:{running.gateway.port}{path}", data=body)
    SigV4Auth(Credentials(key.id, key.secret, key.token), "execute-api", REGION).add_auth(request)
    head = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{running.gateway.port}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    connection = socket.create_connection(("127.0.0.1", running.gateway.port), timeout=10)
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body[:-1])
    return connection


def status_of(connection: socket.socket, rest: bytes) -> int:
    with connection:
        connection.sendall(rest)
        return int(connection.recv(65_536).split(b" ")[1])


@pytest.mark.parametrize("loses", ["nothing", "policy", "key", "user"])
def test_a_body_sent_slowly_does_not_outlive_a_permission(
    running: Running, api: Api, loses: str
) -> None:
    iam, name = running.client("iam"), f"slow-{loses}"
    key = user_key(iam, name, allow("execute-api:Invoke"))
    until(lambda: running.call(api.path, sign=key).status == 200)
    body = b'{"a":1}'
    connection = begun(running, api.path, key, body)
    time.sleep(0.1)
    if loses in {"policy", "user"}:
        iam.delete_user_policy(UserName=name, PolicyName="p")
    if loses in {"key", "user"}:
        iam.delete_access_key(UserName=name, AccessKeyId=key.id)
    if loses == "user":
        iam.delete_user(UserName=name)
    time.sleep(0.3)
    assert status_of(connection, body[-1:]) == (200 if loses == "nothing" else 403)


def test_a_token_does_not_open_a_role_made_again(running: Running, api: Api) -> None:
    iam = running.client("iam")
    caller = user_key(iam, "assumer", allow("sts:AssumeRole"))

    def make_role() -> str:
        arn: str = iam.create_role(
            RoleName="again",
            AssumeRolePolicyDocument=trust(f"arn:aws:iam::{account_of(running)}:root"),
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName="again", PolicyName="p", PolicyDocument=allow())
        return arn

    arn = make_role()
    answered = running.client("sts", caller).assume_role(RoleArn=arn, RoleSessionName="one")
    session = Key.of(answered["Credentials"])
    until(lambda: running.call(api.path, sign=session).status == 200)
    iam.delete_role_policy(RoleName="again", PolicyName="p")
    iam.delete_role(RoleName="again")
    make_role()
    until(lambda: running.call(api.path, sign=session).status == 403)
    time.sleep(0.3)
    assert running.call(api.path, sign=session).status == 403


def test_a_user_made_again_is_not_the_one_that_a_policy_names(running: Running) -> None:
    api, iam = deployed_api(running), running.client("iam")
    first = user_key(iam, "named")
    arn = f"arn:aws:iam::{account_of(running)}:user/named"
    grant = json.loads(allow("execute-api:Invoke", "execute-api:/*"))
    grant["Statement"][0]["Principal"] = {"AWS": [arn]}
    client = running.client("apigateway")
    operation = {"op": "replace", "path": "/policy", "value": json.dumps(grant)}
    client.update_rest_api(restApiId=api.id, patchOperations=[operation])
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    until(lambda: running.call(api.path, sign=first).status == 200)

    shown = client.get_export(
        restApiId=api.id,
        stageName=api.stage,
        exportType="oas30",
        parameters={"extensions": "apigateway"},
    )["body"].read()
    assert arn.encode() in shown
    assert arn in client.get_rest_api(restApiId=api.id)["policy"]

    iam.delete_access_key(UserName="named", AccessKeyId=first.id)
    iam.delete_user(UserName="named")
    again = user_key(iam, "named")
    time.sleep(0.5)
    assert running.call(api.path, sign=again).status == 403
    assert running.call(api.path, sign=first).status == 403


def test_a_token_fits_its_own_key_alone(running: Running, api: Api) -> None:
    iam = running.client("iam")
    first = user_key(iam, "first", allow())
    second = user_key(iam, "second")
    session = Key.of(running.client("sts", first).get_session_token()["Credentials"])
    assert running.call(api.path, sign=session).status == 200
    for key in (
        Key(second.id, second.secret, session.token),
        Key(session.id, session.secret, None),
        Key(session.id, second.secret, session.token),
        Key(first.id, first.secret, session.token),
        Key(session.id, session.secret, f"{session.token}="),
        Key(session.id, session.secret, f"{(session.token or '')[:-6]}AAAAAA"),
    ):
        assert running.call(api.path, sign=key).status == 403


def test_a_presigned_call_is_good_for_its_own_api_and_method_alone(
    running: Running, api: Api
) -> None:
    other = deployed_api(running)
    key = running.root
    request = AWSRequest("GET", f"http://127.0.0.1:{running.gateway.port}{api.path}")
    credentials = Credentials(key.id, key.secret)
    SigV4QueryAuth(credentials, "execute-api", REGION, expires=2).add_auth(request)
    target = request.url.partition(str(running.gateway.port))[2]
    call = running.gateway.call
    assert call("GET", target).status == 200
    assert call("GET", target.replace(api.id, other.id)).status == 403
    assert call("HEAD", target).status == 403
    assert call("GET", target, {"X-HTTP-Method-Override": "POST"}).status == 403
    assert call("POST", target, {"X-HTTP-Method-Override": "GET"}).status == 403
    assert call("GET", target, {"X-Amz-Meta": "unsigned"}).status == 403
    assert call("GET", target, {"Host": f"localhost:{running.gateway.port}"}).status == 403
    assert call("GET", target, body=b"swapped").status == 403
    assert call("GET", f"{target}&a=1").status == 403
    assert call("GET", target.replace("Expires=2", "Expires=9")).status == 403
    time.sleep(3)
    assert call("GET", target).status == 403


@pytest.mark.parametrize(
    ("service", "region"), [("apigateway", REGION), ("execute-api", "eu-west-1"), ("sts", REGION)]
)
def test_a_signature_for_one_service_is_none_for_another(
    running: Running, api: Api, service: str, region: str
) -> None:
    key = running.root
    request = AWSRequest("GET", f"http://127.0.0.1:{running.gateway.port}{api.path}")
    SigV4Auth(Credentials(key.id, key.secret), service, region).add_auth(request)
    assert running.gateway.call("GET", api.path, dict(request.headers.items())).status == 403


def test_no_secret_reaches_logs_or_metrics(running: Running, api: Api) -> None:
    """Secrets of keys, tokens and master key, after calls that succeed and calls that fail."""
    iam = running.client("iam")
    key = user_key(iam, "logged", allow())
    session = Key.of(running.client("sts", key).get_session_token()["Credentials"])
    for signer in (key, session, Key(key.id, "not" + key.secret), Key(key.id, key.secret, "bad")):
        running.call(api.path, sign=signer)
    request = AWSRequest(
        "GET", f"http://127.0.0.1:{running.gateway.port}{api.path}?password=hunter2"
    )
    SigV4QueryAuth(Credentials(session.id, "wrong", session.token), "execute-api", REGION).add_auth(
        request
    )
    answer = running.gateway.call("GET", request.url.partition(str(running.gateway.port))[2])
    assert answer.status == 403
    said = [*running.gateway.lines.queue, *running.gateway.errors.queue]
    told = "".join(line for line in said if line) + answer.body.decode()
    token = session.token or ""
    for secret in (key.secret, session.secret, token, token[:64], "hunter2", running.root.secret):
        assert secret not in told
        assert hashlib.sha256(secret.encode()).hexdigest() not in told
    assert json.loads(answer.body)["message"].startswith("The request signature we calculated")
