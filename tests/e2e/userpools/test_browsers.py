"""What a page in a browser may: call what needs no signature, and read nothing else."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from e2e.control.installation import Running
from e2e.userpools.directory import PASSWORD, Directory

ORIGIN = {"Origin": "https://app.example.org"}
ALLOW = "access-control-allow-origin"


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    directory = Directory.of(bargate)
    directory.add("ann")
    return directory


def send(
    bargate: Running, method: str, headers: dict[str, str], body: Any = None, path: str = "/"
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", bargate.endpoint_port, timeout=10)
    try:
        connection.request(method, path, json.dumps(body), {**ORIGIN, **headers})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read()
    finally:
        connection.close()


def call(bargate: Running, operation: str, **params: Any) -> tuple[int, dict[str, str], bytes]:
    target = f"AWSCognitoIdentityProviderService.{operation}"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
    return send(bargate, "POST", headers, params)


def test_a_page_signs_in(bargate: Running, people: Directory) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent",
    }
    status, told, _ = send(bargate, "OPTIONS", asked)
    assert (status, told[ALLOW]) == (200, "*")
    parameters = {"USERNAME": "ann", "PASSWORD": PASSWORD}
    flow = {"ClientId": people.client_id, "AuthFlow": "USER_PASSWORD_AUTH"}
    status, told, body = call(bargate, "InitiateAuth", **flow, AuthParameters=parameters)
    assert (status, told[ALLOW]) == (200, "*")
    token = json.loads(body)["AuthenticationResult"]["AccessToken"]
    assert call(bargate, "GetUser", AccessToken=token)[1][ALLOW] == "*"
    status, told, body = call(bargate, "GetUser", AccessToken="x")
    assert (status, told[ALLOW]) == (400, "*")
    assert b"Invalid Access Token" in body


def test_a_page_reads_nothing_of_what_is_signed(bargate: Running, people: Directory) -> None:
    status, told, _ = call(bargate, "ListUsers", UserPoolId=people.id)
    assert (status, ALLOW in told) == (403, False)
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-amz-target",
    }
    assert ALLOW not in send(bargate, "OPTIONS", asked)[1]
    assert ALLOW not in send(bargate, "GET", {}, path="/_bargate/health")[1]


def test_any_page_reads_public_keys(bargate: Running, people: Directory) -> None:
    status, told, body = send(bargate, "GET", {}, path=f"/{people.id}/.well-known/jwks.json")
    assert (status, told[ALLOW]) == (200, "*")
    assert len(json.loads(body)["keys"]) == 2
