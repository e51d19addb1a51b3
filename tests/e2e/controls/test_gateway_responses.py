"""Gateway responses: what is customised, what inherits, and what a client cannot do with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import POOL, operation, proxy, rest
from served import ServedApi, served
from serving import Backend

SET = "gatewayresponse.header."
RESPONSES = {
    "DEFAULT_4XX": {
        "statusCode": "418",
        "responseParameters": {SET + "X-Family": "'4xx'"},
        "responseTemplates": {"application/json": '{"family":$context.error.messageString}'},
    },
    "DEFAULT_5XX": {"statusCode": "599", "responseParameters": {SET + "X-Family": "'5xx'"}},
    # Customised in one way alone: nothing is inherited (AWS [R] apigw-errors §1).
    "UNAUTHORIZED": {"statusCode": "499"},
    "INVALID_API_KEY": {"responseParameters": {SET + "X-Own": "'own'"}},
    "BAD_REQUEST_PARAMETERS": {
        "responseParameters": {
            SET + "X-Reflected": "method.request.header.x-reflect",
            SET + "X-Query": "method.request.querystring.q",
            SET + "X-Path": "method.request.path.name",
            SET + "X-Multi": "method.request.multivalueheader.x-reflect",
            SET + "X-Stage": "stageVariables.colour",
            SET + "X-Request": "context.requestId",
        },
        "responseTemplates": {
            "application/json": json.dumps(
                {
                    "reflected": "$method.request.header.x-reflect",
                    "query": "$method.request.querystring.q",
                    "path": "$context.path",
                    "resource": "$context.resourcePath",
                    "method": "$context.httpMethod",
                    "stage": "$context.stage",
                    "api": "$context.apiId",
                    "ip": "$context.identity.sourceIp",
                    "agent": "$context.identity.userAgent",
                    "id": "$context.requestId",
                    "extended": "$context.extendedRequestId",
                    "type": "$context.error.responseType",
                    "colour": "$stageVariables.colour",
                    "account": "$context.accountId",
                    "protocol": "$context.protocol",
                    "vtl": "#set($x = 1)$x",
                }
            ),
            "text/html": "<p>$method.request.header.x-reflect</p>",
        },
    },
}


def document(origin: Backend) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    schemes = {
        "pool": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
        },
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    }  # fmt: skip
    parameters = [
        {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "needed", "in": "query", "required": True, "schema": {"type": "string"}},
    ]
    paths = {
        "/guarded": {"get": operation(proxy(base), security=[{"pool": []}])},
        "/key": {"get": operation(proxy(base), security=[{"key": []}])},
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
        "/signed": {"get": operation(proxy(base), **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})},
        "/reflect/{name}": {
            "get": operation(
                proxy(base), parameters=parameters, **{"x-amazon-apigateway-request-validator": "all"}
            )
        },
    }  # fmt: skip
    validators = {"all": {"validateRequestBody": True, "validateRequestParameters": True}}
    return rest(
        paths,
        components={"securitySchemes": schemes},
        **{
            "x-bargate-api-id": "worded",
            "x-amazon-apigateway-gateway-responses": RESPONSES,
            "x-amazon-apigateway-request-validators": validators,
        },
    )


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("responses")
    variable = ("--stage-variable", "colour=blue")
    with served(folder, run_dir, document(origin), *variable) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "status", "body", "family", "error_type"),
    [
        ("/nothing", 418, b'{"family":"Missing Authentication Token"}', "4xx", "MissingAuthenticationTokenException"),
        ("/guarded", 499, b'{"message":"Unauthorized"}', None, "UnauthorizedException"),
        ("/key", 403, b'{"message":"Forbidden"}', None, "ForbiddenException"),
        ("/dead", 599, b'{"message":"Internal server error"}', "5xx", "InternalServerErrorException"),
        ("/signed", 418, b'{"family":"Missing Authentication Token"}', "4xx", "MissingAuthenticationTokenException"),
    ],
)  # fmt: skip
def test_inheritance(
    api: ServedApi, path: str, status: int, body: bytes, family: str | None, error_type: str
) -> None:
    answer = api.get(path)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("x-family") == family
    assert answer.headers["x-amzn-errortype"] == error_type
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers.get("x-own") == ("own" if path == "/key" else None)


def test_a_body_too_large_takes_the_family_too(api: ServedApi) -> None:
    request = (
        f"GET {api.base}/guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n"
        "Connection: close\r\n\r\n"
    )
    answer = api.raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 418 ")
    assert answer.endswith(b'{"family":"Request Too Long"}')


def test_variables(api: ServedApi) -> None:
    headers = {"User-Agent": "agent", "X-Reflect": "hello"}
    answer = api.call("GET", "/reflect/a%20b?q=1%262", headers)
    assert answer.status == 400
    assert answer.json == {
        "reflected": "hello",
        "query": "1&2",
        "path": "/prod/reflect/a%20b",
        "resource": "/reflect/{name}",
        "method": "GET",
        "stage": "prod",
        "api": "worded",
        "ip": "127.0.0.1",
        "agent": "agent",
        "id": answer.request_id,
        "extended": answer.headers["x-amz-apigw-id"],
        "type": "BAD_REQUEST_PARAMETERS",
        "colour": "blue",
        "account": "000000000000",
        "protocol": "HTTP/1.1",
        "vtl": "#set($x = 1)$x",
    }
    assert answer.headers["x-reflected"] == "hello"
    assert answer.headers["x-query"] == "1&2"
    assert answer.headers["x-stage"] == "blue"
    assert answer.headers["x-request"] == answer.request_id
    assert "x-family" not in answer.headers


def test_the_template_is_chosen_by_accept(api: ServedApi) -> None:
    answer = api.get("/reflect/x", Accept="text/html", X_Reflect="<script>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.body == b"<p>&lt;script&gt;</p>"
    assert api.get("/reflect/x", Accept="text/xml").headers["content-type"] == "application/json"


HOSTILE = [
    "%0d%0aX-Injected:%201",
    "%0aX-Injected:%201",
    "%0dX-Injected:%201",
    "%0d%0a%0d%0a<script>",
    "%E5%98%8A%E5%98%8DX-Injected:1",
    "%00",
    "%22%2C%22stage%22%3A%22forged",
    "%5c%22",
    "%c3%28",
    "%f0%9f%90%95",
    "$context.stage",
    "%24context.error.message",
    "%E2%80%A8X-Injected:1",
    "%C2%85X-Injected:1",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_values_split_neither_head_nor_json(api: ServedApi, hostile: str) -> None:
    request = (
        f"GET {api.base}/reflect/{hostile.replace('%00', '%01')}?q={hostile} HTTP/1.1\r\nHost: a\r\n"
        'X-Reflect: a"b\\c\t\xe9\r\nUser-Agent: "}{\\\r\nConnection: close\r\n\r\n'
    )
    head, _, body = api.raw(request.encode("latin-1")).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].split()[1] in {b"400", b"418"}
    if b" 400 " not in lines[0]:
        return
    assert not any(line.lower().startswith(b"x-injected") for line in lines)
    assert not any(b"\n" in line or b"\r" in line or b"\0" in line for line in lines)
    names = [line.partition(b":")[0].lower() for line in lines[1:]]
    assert len(names) == len(set(names))
    assert json.loads(body)["stage"] == "prod"
    assert json.loads(body)["agent"] == '"}{\\'
