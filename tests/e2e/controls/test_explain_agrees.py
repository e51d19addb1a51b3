"""`bargate explain` and the running gateway answer alike: a differential test."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bargate.access.order import REST_API
from bargate.cli.explain import explain
from documents import POOL, operation, proxy, rest
from issuing import AUDIENCE, Issuer
from served import ServedApi, served
from serving import Answer, Backend, bargate

ANY = "x-amazon-apigateway-any-method"
PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
SHOP = "https://shop.example"


def statement(effect: str, resource: str, **condition: Any) -> dict[str, Any]:
    found = {
        "Effect": effect,
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": resource,
    }
    return found | ({"Condition": condition} if condition else {})


def rest_document(origin: Backend) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    authorizer = {"type": "cognito_user_pools", "providerARNs": [POOL]}
    schemes = {
        "pool": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": authorizer,
        },
        "key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    }  # fmt: skip
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            statement("Allow", "execute-api:/*"),
            statement("Deny", "execute-api:/*/*/denied"),
            statement("Deny", "execute-api:/*/*/agent", StringNotLike={"aws:UserAgent": "tool/*"}),
            statement("Deny", "execute-api:/*/DELETE/*"),
        ],
    }
    query = {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}
    header = {"name": "x-need", "in": "header", "required": True, "schema": {"type": "string"}}
    proxied = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    content = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}
    validate = {"x-amazon-apigateway-request-validator": "all"}
    never = {
        "type": "http", "httpMethod": "POST", "uri": base, "passthroughBehavior": "never",
        "requestTemplates": {"application/json": '{"n": "$input.path(\'$.name\')"}'},
        "responses": {"default": {"statusCode": "200"}},
    }  # fmt: skip
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 201}'},
        "responses": {
            "201": {
                "statusCode": "201",
                "responseTemplates": {
                    "application/json": '{"q":"$input.params(\'q\')","s":"$context.stage"}'
                },
            }
        },
    }
    broken = {"type": "mock", "requestTemplates": {"application/json": "nothing"}, "responses": {}}
    paths = {
        "/open": {"get": operation(proxy(base))},
        "/denied": {"get": operation(proxy(base))},
        "/agent": {"get": operation(proxy(base))},
        "/any": {ANY: operation(proxy(base, "ANY"))},
        "/id": {"get": operation(proxy(base), security=[{"pool": []}])},
        "/scoped": {"get": operation(proxy(base), security=[{"pool": ["read"]}])},
        "/key": {"get": operation(proxy(base), security=[{"key": []}])},
        "/iam": {
            "get": operation(proxy(base), **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})
        },
        "/parameters": {"get": operation(proxy(base), parameters=[query, header], **validate)},
        "/body": {"post": operation(proxy(base, "POST"), requestBody=content, **validate)},
        "/never": {"post": operation(never)},
        "/mock": {"get": operation(mock) | {"responses": {"201": {"description": "ok"}}}},
        "/broken": {"get": operation(broken)},
        "/queue": {
            "get": operation(
                {
                    "type": "aws",
                    "httpMethod": "POST",
                    "uri": "arn:aws:apigateway:us-east-1:sqs:action/SendMessage",
                }
            )
        },
        "/files/{proxy+}": {"parameters": [proxied], "get": operation(proxy(f"{base}/{{proxy}}"))},
    }
    responses = {
        "UNAUTHORIZED": {"statusCode": "418", "responseTemplates": {"application/json": '{"p":"$context.path","t":"$context.error.responseType"}'}},
        "DEFAULT_5XX": {"statusCode": "599"},
    }  # fmt: skip
    validators = {"all": {"validateRequestBody": True, "validateRequestParameters": True}}
    return rest(
        paths,
        components={"securitySchemes": schemes, "schemas": {"Pet": PET}},
        **{
            "x-bargate-api-id": "restful",
            "x-amazon-apigateway-policy": policy,
            "x-amazon-apigateway-gateway-responses": responses,
            "x-amazon-apigateway-request-validators": validators,
        },
    )


def http_document(origin: Backend, keys: Issuer) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    authorizer = {
        "type": "jwt",
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": keys.url, "audience": [AUDIENCE]},
    }
    scheme = {"type": "oauth2", "flows": {}, "x-amazon-apigateway-authorizer": authorizer}
    paths = {
        "/open": {"get": operation(proxy(base))},
        "/jwt": {"get": operation(proxy(base), security=[{"jwt": []}])},
        "/scoped": {"get": operation(proxy(base), security=[{"jwt": ["read"]}])},
    }
    cors = {"allowOrigins": [SHOP], "allowMethods": ["GET"], "allowHeaders": ["authorization"]}
    return rest(
        paths,
        components={"securitySchemes": {"jwt": scheme}},
        **{"x-bargate-api-id": "plain", "x-amazon-apigateway-cors": cors},
    )


@pytest.fixture(scope="module")
def restful(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, pool: Issuer
) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("restful")
    option = ("--issuer", f"{POOL}={pool.url}")
    with served(folder, run_dir, rest_document(origin), *option) as running:
        yield running


@pytest.fixture(scope="module")
def plain(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, pool: Issuer
) -> Iterator[ServedApi]:
    with served(tmp_path_factory.mktemp("plain"), run_dir, http_document(origin, pool)) as running:
        yield running


Case = tuple[str, str, dict[str, str], bytes | None]
LATER = int(time.time()) + 600
JSON = {"Content-Type": "application/json"}
# Tokens stand in angle brackets and are minted as the test runs.
REST: list[Case] = [
    ("GET", "/open", {}, None),
    ("GET", "/open/", {}, None),
    ("POST", "/open", {}, b""),
    ("GET", "/nothing", {}, None),
    ("GET", "/nothing", {"Authorization": "<id>"}, None),
    ("GET", "", {}, None),
    ("GET", "/denied", {}, None),
    ("GET", "/denied/", {}, None),
    ("GET", "/%64enied", {}, None),
    ("GET", "/agent", {}, None),
    ("GET", "/agent", {"User-Agent": "tool/1"}, None),
    ("GET", "/agent", {"User-Agent": "other"}, None),
    ("DELETE", "/any", {}, None),
    ("GET", "/any", {"X-HTTP-Method-Override": "DELETE"}, None),
    ("DELETE", "/any", {"X-HTTP-Method-Override": "GET"}, None),
    ("GET", "/any", {"X-HTTP-Method-Override": "no method"}, None),
    ("GET", "/id", {}, None),
    ("GET", "/id", {"Authorization": "<id>"}, None),
    ("GET", "/id", {"Authorization": "Bearer <id>"}, None),
    ("GET", "/id", {"Authorization": "<access>"}, None),
    ("GET", "/id", {"Authorization": "<expired>"}, None),
    ("GET", "/id", {"Authorization": "<forged>"}, None),
    ("GET", "/id", {"Authorization": "nonsense"}, None),
    ("GET", "/scoped", {"Authorization": "<access>"}, None),
    ("GET", "/scoped", {"Authorization": "<id>"}, None),
    ("GET", "/key", {}, None),
    ("GET", "/key", {"x-api-key": "k" * 20}, None),
    ("GET", "/iam", {}, None),
    ("GET", "/parameters", {}, None),
    ("GET", "/parameters?q=1", {"X-Need": "1"}, None),
    ("GET", "/parameters?q=", {"X-Need": " "}, None),
    ("POST", "/body", JSON, b'{"name":"Rex"}'),
    ("POST", "/body", JSON, b"{}"),
    ("POST", "/body", JSON, b"nonsense"),
    ("POST", "/body", {}, b""),
    ("POST", "/never", JSON, b'{"name":"Rex"}'),
    ("POST", "/never", {"Content-Type": "text/plain"}, b"x"),
    ("POST", "/never", JSON, b"nonsense"),
    ("GET", "/mock?q=a%20b", {}, None),
    ("HEAD", "/mock", {}, None),
    ("GET", "/broken", {}, None),
    ("GET", "/queue", {}, None),
    ("GET", "/files/a/b", {}, None),
    ("GET", "/files/a%2Fb", {}, None),
    ("GET", "/files", {}, None),
    ("GET", "/files//a", {}, None),
    ("GET", "/files/" + "a" * 1_700, {}, None),
]
HTTP: list[Case] = [
    ("GET", "/open", {}, None),
    ("GET", "/open", {"Origin": SHOP}, None),
    ("POST", "/open", {"Origin": SHOP}, b""),
    ("GET", "/nothing", {"Origin": "https://other.example"}, None),
    ("OPTIONS", "/open", {"Origin": SHOP, "Access-Control-Request-Method": "GET"}, None),
    ("OPTIONS", "/open", {"Origin": "https://x.example", "Access-Control-Request-Method": "GET"}, None),
    ("OPTIONS", "/open", {}, None),
    ("GET", "/jwt", {}, None),
    ("GET", "/jwt", {"Authorization": "<jwt>"}, None),
    ("GET", "/jwt", {"Authorization": "<id>"}, None),
    ("GET", "/jwt", {"Authorization": "<forged>", "Origin": SHOP}, None),
    ("GET", "/scoped", {"Authorization": "<jwt>"}, None),
    ("GET", "/scoped", {"Authorization": "<reader>"}, None),
]  # fmt: skip


def filled(headers: dict[str, str], keys: Issuer) -> dict[str, str]:
    tokens = {
        "<id>": keys.id_token,
        "<access>": lambda: keys.access_token("read"),
        "<expired>": lambda: keys.id_token(exp=1),
        "<forged>": lambda: keys.id_token("nobody"),
        "<jwt>": keys.jwt,
        "<reader>": lambda: keys.jwt("read"),
    }
    found = dict(headers)
    for name, value in headers.items():
        for mark, token in tokens.items():
            if mark in value:
                found[name] = value.replace(mark, token())
    return found


def explained(
    api: ServedApi, stage: str, case: Case, headers: dict[str, str], *options: str
) -> dict[str, Any]:
    """Run the command within this process: a process each would take half a minute."""
    method, path, _, body = case
    arguments = [str(api.path), "--request", f"{method} {stage}{path or ('' if stage else '/')}"]
    for name, value in headers.items():
        arguments += ["--header", f"{name}: {value}"]
    if body is not None:
        arguments += ["--body", body.decode()]
    result = CliRunner().invoke(explain, [*arguments, *options, "--json"])
    assert result.exit_code in {0, 1}, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if found["outcome"] == "allowed" else 1)
    return found


def agree(told: dict[str, Any], answer: Answer, method: str, backend_was_asked: bool) -> None:
    response = told["response"]
    if response is None:
        assert told["outcome"] == "allowed"
        assert told["upstream"]
        assert backend_was_asked
        assert answer.status == 200
        return
    assert not backend_was_asked
    assert response["status"] == answer.status
    if method != "HEAD":
        assert response["body"].encode() == answer.body
    shown = {name.lower(): value for name, value in response["headers"]}
    for name in ("content-type", "x-amzn-errortype", "www-authenticate"):
        assert shown.get(name) == answer.headers.get(name)


@pytest.mark.parametrize("case", REST, ids=[f"{m} {p[:24]} {h}" for m, p, h, _ in REST])
def test_rest(restful: ServedApi, origin: Backend, pool: Issuer, case: Case) -> None:
    method, path, raw_headers, body = case
    headers = filled(raw_headers, pool)
    before = len(origin.received)
    answer = restful.call(method, path, headers, body)
    asked = len(origin.received) > before
    told = explained(restful, "/prod", case, headers, "--issuer", f"{POOL}={pool.url}")
    agree(told, answer, method, asked)
    if not asked and told["outcome"] == "refused":
        line = restful.log_line(answer)
        assert (line["reason"], line["detail"]) == (told["reason"], told["detail"]) or (
            "unknown_key" in told["reason"]  # the detail says when keys were fetched
        )


@pytest.mark.parametrize("case", HTTP, ids=[f"{m} {p} {h}" for m, p, h, _ in HTTP])
def test_http(plain: ServedApi, origin: Backend, pool: Issuer, case: Case) -> None:
    method, path, raw_headers, body = case
    headers = filled(raw_headers, pool)
    before = len(origin.received)
    answer = plain.call(method, path, headers, body)
    told = explained(plain, "", case, headers)
    agree(told, answer, method, len(origin.received) > before)


def test_the_cors_headers_of_a_refusal_are_shown(plain: ServedApi) -> None:
    told = explained(plain, "", ("GET", "/jwt", {}, None), {"Origin": SHOP})
    assert ["Access-Control-Allow-Origin", SHOP] in told["response"]["headers"]


def test_a_bad_request_is_told_in_json_too(restful: ServedApi) -> None:
    shown = CliRunner().invoke(explain, [str(restful.path), "--request", "GET /prod/%zz", "--json"])
    assert json.loads(shown.stdout)["outcome"] == "refused"


def test_the_json_form_is_stable(restful: ServedApi) -> None:
    arguments = ("explain", str(restful.path), "--request", "GET /prod/denied", "--json",
                 "--time", "2026-01-02T03:04:05Z", "--source-ip", "192.0.2.1")  # fmt: skip
    first, second = (json.loads(bargate(*arguments).stdout) for _ in range(2))
    assert first.pop("request_id") != second.pop("request_id")
    assert first == second
    assert list(first) == [
        "time", "request", "source_ip", "api", "stage", "endpoint", "steps", "outcome", "reason",
        "detail", "response", "upstream",
    ]  # fmt: skip
    assert first["time"] == "2026-01-02T03:04:05.000+00:00"
    assert first["request"] == "GET /prod/denied"
    assert first["source_ip"] == "192.0.2.1"
    assert first["api"] == "Test (restful)"
    steps = [(step["control"], step["verdict"]) for step in first["steps"]]
    ran = {"method ARN": "passed", "resource policy": "refused"}
    controls = [(each.name, ran.get(each.name, "not configured")) for each in REST_API]
    assert steps == [("API and stage", "passed"), ("route", "passed"), *controls]
    assert first["outcome"] == "refused"
    assert first["upstream"] is None
