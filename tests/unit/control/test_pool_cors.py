from __future__ import annotations

import pytest
from botocore.session import get_session

from bargate.control.pool_cors import UNSIGNED, preflight, with_cors
from bargate.wire.request import HttpRequest, HttpResponse

ANSWER = HttpResponse(400, (("content-type", "application/json"),), b"{}")
ASKED = {
    "origin": "https://app.example.org",
    "access-control-request-method": "POST",
    "access-control-request-headers": "cache-control,content-type,x-amz-target,x-amz-user-agent",
}


def request(method: str, headers: dict[str, str], path: str = "/", query: str = "") -> HttpRequest:
    return HttpRequest(method=method, path=path, query=query, headers=headers, body=b"")


def targeted(operation: str, service: str = "AWSCognitoIdentityProviderService") -> dict[str, str]:
    return {"x-amz-target": f"{service}.{operation}", "origin": ASKED["origin"]}


def test_what_pages_may_call_is_what_needs_no_signature() -> None:
    model = get_session().get_service_model("cognito-idp")
    unsigned = {
        name for name in model.operation_names if model.operation_model(name).auth_type == "none"
    }
    assert unsigned == UNSIGNED


def test_a_page_may_ask_from_anywhere_without_credentials() -> None:
    answer = preflight(request("OPTIONS", ASKED))
    assert answer is not None
    told = dict(answer.headers)
    assert (answer.status, told["access-control-allow-origin"]) == (200, "*")
    assert told["access-control-allow-methods"] == "POST"
    assert "x-amz-target" in told["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in told


@pytest.mark.parametrize(
    "changed",
    [
        {"access-control-request-headers": "authorization,content-type,x-amz-target"},
        {"access-control-request-headers": "content-type,x-amz-target,x-amz-security-token"},
        {"access-control-request-headers": "content-type"},
        {"access-control-request-headers": "*"},
        {"access-control-request-method": "PUT"},
        {"access-control-request-method": ""},
    ],
)
def test_a_page_may_not_ask_for_more(changed: dict[str, str]) -> None:
    assert preflight(request("OPTIONS", ASKED | changed)) is None


@pytest.mark.parametrize("place", [{"path": "/restapis"}, {"query": "X-Amz-Credential=x"}])
def test_a_page_may_not_ask_elsewhere(place: dict[str, str]) -> None:
    assert preflight(request("OPTIONS", ASKED, **place)) is None
    assert preflight(request("POST", ASKED)) is None
    assert preflight(request("OPTIONS", {k: v for k, v in ASKED.items() if k != "origin"})) is None


def test_a_page_reads_answers_and_refusals_of_those_operations() -> None:
    told = dict(with_cors(request("POST", targeted("InitiateAuth")), ANSWER).headers)
    assert told["access-control-allow-origin"] == "*"
    assert "x-amzn-ErrorType" in told["access-control-expose-headers"]
    assert told["content-type"] == "application/json"


@pytest.mark.parametrize(
    "headers",
    [
        targeted("AdminGetUser"),
        targeted("ListUserPools"),
        targeted("InitiateAuth", "AWSIdentityProviderService"),
        targeted("InitiateAuth.AdminGetUser"),
        targeted("InitiateAuth") | {"authorization": "AWS4-HMAC-SHA256 Credential=x"},
        {"origin": ASKED["origin"]},
    ],
)
def test_a_page_reads_nothing_else(headers: dict[str, str]) -> None:
    assert with_cors(request("POST", headers), ANSWER) is ANSWER
