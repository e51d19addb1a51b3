"""What cannot be decided, as the function is not there, is refused and never let through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend, bargate

FUNCTION = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)
SIGNED = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=00"


def lambda_scheme(kind: str) -> dict[str, Any]:
    return {
        "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": kind, "authorizerUri": FUNCTION,
            "identitySource": "method.request.header.Authorization",
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    to = proxy(f"http://127.0.0.1:{origin.port}/reached", "ANY")
    anyone = "x-amazon-apigateway-any-method"
    schemes = {
        "token": lambda_scheme("token"),
        "request": lambda_scheme("request"),
        "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    }  # fmt: skip
    paths = {
        "/token": {anyone: operation(to, security=[{"token": []}])},
        "/request": {anyone: operation(to, security=[{"request": []}])},
        "/key": {anyone: operation(to, security=[{"api_key": []}])},
        "/key-and-token": {anyone: operation(to, security=[{"api_key": [], "token": []}])},
    }
    document = rest(paths, components={"securitySchemes": schemes})
    with served(tmp_path_factory.mktemp("unsupported"), run_dir, document) as running:
        yield running


@pytest.mark.parametrize("path", ["/token", "/request", "/key-and-token"])
@pytest.mark.parametrize(
    "headers",
    [{"Authorization": SIGNED}, {"Authorization": "allow"},
     {"X-HTTP-Method-Override": "GET", "Authorization": "x"},
     {"x-api-key": "k" * 20, "Authorization": "x"}],
)  # fmt: skip
def test_lambda_authorizers_refuse_everyone(
    api: ServedApi, origin: Backend, run_dir: Path, path: str, headers: dict[str, str]
) -> None:
    before = len(origin.received)
    for method in ("GET", "POST", "OPTIONS"):
        answer = api.call(method, path, headers)
        # AWS [O] apigw-errors §1: content-length 16
        assert (answer.status, answer.body) == (500, b'{"message":null}')
        assert answer.headers["x-amzn-errortype"] == "AuthorizerConfigurationException"
        assert answer.headers["content-length"] == "16"
        assert api.call(method, path).status == 401
    line = api.log_line(answer)
    assert line["reason"] == "authorizer.not_found"
    assert line["error.responseType"] == "AUTHORIZER_CONFIGURATION_ERROR"
    assert len(origin.received) == before


def test_why_tells_it(api: ServedApi, run_dir: Path) -> None:
    told = bargate("why", api.get("/token", Authorization="x").request_id, run_dir=run_dir)
    assert told.returncode == 0
    assert "authorizer.not_found" in told.stdout


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "k" * 20}, {"X-API-KEY": ""}])
def test_an_api_key_is_required_and_none_is_known(
    api: ServedApi, origin: Backend, headers: dict[str, str]
) -> None:
    before = len(origin.received)
    for path in ("/key", "/key?x-api-key=" + "k" * 20):
        answer = api.call("GET", path, headers)
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
        assert answer.headers["x-amzn-errortype"] == "ForbiddenException"
    assert api.log_line(answer)["reason"].startswith("api_key.")
    assert "k" * 20 not in str(api.logged)
    assert len(origin.received) == before


def test_an_http_api_refuses_them_too(tmp_path: Path, run_dir: Path, origin: Backend) -> None:
    to = proxy(f"http://127.0.0.1:{origin.port}/reached")
    authorizer = {
        "type": "request", "authorizerUri": FUNCTION, "authorizerPayloadFormatVersion": "2.0",
        "identitySource": "$request.header.Authorization",
    }  # fmt: skip
    schemes = {
        "request": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authorizer": authorizer,
        },
    }  # fmt: skip
    paths = {f"/{name}": {"get": operation(to, security=[{name: []}])} for name in schemes}
    document = rest(paths, components={"securitySchemes": schemes})
    before = len(origin.received)
    with served(tmp_path, run_dir, document, "--http-api") as api:
        for name in schemes:
            answer = api.get(f"/{name}", Authorization=SIGNED)
            assert (answer.status, answer.body) == (500, b'{"message":"Internal Server Error"}')
            assert api.log_line(answer)["reason"] == "authorizer.not_found"
    assert len(origin.received) == before
