"""`bargate serve openapi.yaml --function NAME=DIR:…`: functions written for AWS behind an API."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, rest
from served import ServedApi, served
from serving import bargate

ARN = "arn:aws:lambda:us-east-1:000000000000:function"
ANY = "x-amazon-apigateway-any-method"
SOURCE = """
import json, os, time

BIG = 20 * 1024 * 1024

def echo(event, context):
    return {"statusCode": 200, "body": json.dumps(event)}

def answer(event, context):
    return json.loads(event["body"])

def raw(event, context):
    return event

def bad(event, context):
    how = event["pathParameters"]["how"]
    if how == "raise":
        raise ValueError("secret of the function")
    if how == "exit":
        os._exit(3)
    if how == "hang":
        time.sleep(60)
    if how == "big":
        return {"statusCode": 200, "body": "a" * BIG}
    if how == "split":
        return {"statusCode": 200, "headers": {"X-A": "b\\r\\nSet-Cookie: c"}}
    if how == "none":
        return None
    return {"statusCode": 200, "unknown": how}

def fails(event, context):
    if event.get("how"):
        raise ValueError("[%s] no pet" % event["how"])
    return {"id": event.get("id")}
"""


def uri(name: str) -> str:
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}:{name}/invocations"


def function(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": "aws_proxy", "httpMethod": "POST", "uri": uri(name), **fields}


def options(folder: Path) -> list[str]:
    """Give the options that run the functions above."""
    code = folder / "code"
    code.mkdir()
    (code / "app.py").write_text(SOURCE)
    names = ("echo", "answer", "raw", "bad", "fails")
    chosen = [f"--function={name}={code}:app.{name}" for name in names]
    return [*chosen, "--function-timeout=bad=1", "--access-log", "-"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    templates = {"application/json": '{"how": "$input.params(\'how\')", "id": 7}'}
    mapped = {
        "default": {
            "statusCode": "200",
            "responseTemplates": {"application/json": "{\"mapped\": $input.json('$.id')}"},
        },
        r"\[NotFound\].*": {
            "statusCode": "404",
            "responseTemplates": {"application/json": '{"why": "$input.path(\'$.errorMessage\')"}'},
        },
    }
    custom = {
        "type": "aws", "httpMethod": "POST", "uri": uri("fails"), "requestTemplates": templates,
        "responses": mapped,
    }  # fmt: skip
    event = {
        "type": "aws", "httpMethod": "POST", "uri": uri("fails"),
        "requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        "responses": {"default": {"statusCode": "202"}},
    }  # fmt: skip
    both = {"responses": {status: {"description": "x"} for status in ("200", "202", "404")}}
    paths = {
        "/echo/{proxy+}": {ANY: operation(function("echo"))},
        "/answer": {"post": operation(function("answer"))},
        "/bad/{how}": {ANY: operation(function("bad"))},
        "/hurried": {"get": operation(function("bad", timeoutInMillis=50))},
        "/missing": {"get": operation(function("nobody"))},
        "/get": {"get": operation({**function("echo"), "httpMethod": "GET"})},
        "/custom": {"get": operation(custom) | both},
        "/event": {"post": operation(event) | both},
    }
    folder = tmp_path_factory.mktemp("rest")
    document = rest(paths, **{"x-amazon-apigateway-binary-media-types": ["image/png"]})
    with served(folder, run_dir, document, *options(folder)) as running:
        yield running


def test_the_event_is_what_the_client_sent(api: ServedApi) -> None:
    headers = {"X-Test": "a", "X-Forwarded-For": "10.1.1.1", "Content-Type": "text/plain"}
    answer = api.call("PUT", "/echo/a%2Bb/c?x=1&x=2", headers, b"hello")
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-trace-id"].startswith("Root=1-")
    event = answer.json
    assert (event["httpMethod"], event["path"]) == ("PUT", "/echo/a%2Bb/c")
    assert event["pathParameters"] == {"proxy": "a%2Bb/c"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["headers"]["X-Forwarded-For"] == "10.1.1.1, 127.0.0.1"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["requestId"] == answer.request_id
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)


def test_bytes_go_both_ways(api: ServedApi) -> None:
    picture = bytes(range(256))
    answer = api.call("POST", "/echo/x", {"Content-Type": "image/png"}, picture)
    assert answer.json["isBase64Encoded"] is True
    wanted = {"statusCode": 200, "isBase64Encoded": True, "body": "iVBORw=="}
    body = json.dumps(wanted).encode()
    assert api.call("POST", "/answer", {"Accept": "image/png"}, body).body == b"\x89PNG"
    assert api.call("POST", "/answer", {}, body).body == b"iVBORw=="


def test_headers_that_no_text_can_hold_do_not_break_the_event(api: ServedApi) -> None:
    path = (api.base + "/echo/x").encode()
    request = (
        b"GET " + path + b'?q=%FF%22 HTTP/1.1\r\nHost: a\r\nX-A: \xff\xfe"}\\\r\n'
        b"X-A: second\r\nConnection: close\r\n\r\n"
    )
    head, _, body = api.raw(request).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    event = json.loads(body)
    assert event["multiValueHeaders"]["X-A"] == ['\xff\xfe"}\\', "second"]
    assert event["headers"]["X-A"] == "second"
    assert event["queryStringParameters"] == {"q": '\ufffd"'}


@pytest.mark.parametrize(
    ("how", "status", "reason"),
    [
        ("raise", 502, "integration.function_error"),
        ("exit", 502, "integration.function_error"),
        ("hang", 502, "integration.function_error"),
        ("big", 502, "integration.function_error"),
        ("split", 502, "integration.malformed_response"),
        ("none", 502, "integration.malformed_response"),
        ("else", 502, "integration.malformed_response"),
    ],
)
def test_functions_that_fail_are_bad_gateways_and_disturb_nobody(
    api: ServedApi, how: str, status: int, reason: str
) -> None:
    answer = api.get(f"/bad/{how}")
    assert (answer.status, answer.body) == (status, b'{"message":"Internal server error"}')
    assert "set-cookie" not in answer.headers
    assert api.log_line(answer)["reason"] == reason
    assert api.get("/echo/x").status == 200


def test_the_integrations_time_is_kept(api: ServedApi) -> None:
    answer = api.get("/hurried")
    assert (answer.status, answer.json) in [
        (504, {"message": "Endpoint request timed out"}),
        (502, {"message": "Internal server error"}),  # the function answered in time
    ]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/missing", "integration.function_not_found"), ("/get", "integration.not_post")],
)
def test_what_cannot_be_invoked_is_refused(api: ServedApi, path: str, reason: str) -> None:
    answer = api.get(path)
    assert (answer.status, answer.body) == (500, b'{"message":"Internal server error"}')
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"
    assert api.log_line(answer)["reason"] == reason


def test_templates_map_both_ways(api: ServedApi) -> None:
    assert api.get("/custom").json == {"mapped": 7}
    answer = api.get("/custom?how=NotFound")
    assert (answer.status, answer.json) == (404, {"why": "[NotFound] no pet"})
    assert api.get("/custom?how=else").status == 200  # AWS: the default, as nothing matches


def test_an_event_is_queued_and_answered_at_once(api: ServedApi) -> None:
    answer = api.call("POST", "/event", {}, b'{"how": "late"}')
    assert (answer.status, answer.body) == (202, b"")


def test_a_client_that_leaves_does_not_keep_the_worker(api: ServedApi) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", api.gateway.port), timeout=10) as connection:
            path = (api.base + "/bad/hang").encode()
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert api.get("/echo/x").status == 200


def test_explain_says_who_invokes_what(api: ServedApi) -> None:
    told = bargate("explain", str(api.path), "--request", "GET /prod/echo/x")
    wanted = f"invokes {ARN}:echo as apigateway.amazonaws.com for arn:aws:execute-api:"
    unfolded = "".join(told.stdout.split())
    assert wanted.replace(" ", "") in unfolded, told.stdout + told.stderr


@pytest.fixture(scope="module")
def http_api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    def route(name: str, version: str) -> dict[str, Any]:
        integration = {
            "type": "aws_proxy", "httpMethod": "POST", "uri": f"{ARN}:{name}",
            "payloadFormatVersion": version,
        }  # fmt: skip
        return {ANY: operation(integration)}

    paths = {
        "/v1/{proxy+}": route("echo", "1.0"),
        "/v2/{proxy+}": route("echo", "2.0"),
        "/raw": route("raw", "2.0"),
        "/answer/v1": route("answer", "1.0"),
        "/answer/v2": route("answer", "2.0"),
        "/bad/{how}": route("bad", "2.0"),
        "/missing": route("nobody", "2.0"),
    }
    folder = tmp_path_factory.mktemp("http")
    with served(folder, run_dir, rest(paths), "--http-api", *options(folder)) as running:
        yield running


def test_events_of_both_formats(http_api: ServedApi) -> None:
    headers = {"Cookie": "a=1; b=2", "Content-Type": "application/json", "X-A": "1"}
    event = http_api.call("POST", "/v2/a%20b?x=1&x=2", headers, b"{}").json
    assert event["version"] == "2.0"
    assert event["rawPath"].endswith("/v2/a%20b")
    assert event["pathParameters"] == {"proxy": "a b"}
    assert (event["cookies"], event["queryStringParameters"]) == (["a=1", "b=2"], {"x": "1,2"})
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    event = http_api.call("POST", "/v1/a?x=1&x=2", headers, b"{}").json
    assert (event["version"], event["queryStringParameters"]) == ("1.0", {"x": "2"})
    assert event["headers"]["cookie"] == "a=1; b=2"


def test_answers_of_format_2_0_are_inferred(http_api: ServedApi) -> None:
    answer = http_api.get("/raw")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json["routeKey"] == "ANY /raw"
    headers = {"Content-Type": "application/json"}
    wanted = json.dumps({"statusCode": 201, "cookies": ["a=1"], "body": "hi"}).encode()
    answer = http_api.call("POST", "/answer/v2", headers, wanted)
    assert (answer.status, answer.headers["set-cookie"], answer.body) == (201, "a=1", b"hi")
    plain = http_api.call("POST", "/answer/v2", headers, b'{"ok": true}')
    assert (plain.status, plain.json) == (200, {"ok": True})
    refused = http_api.call("POST", "/answer/v1", headers, b'{"ok": true}')
    assert (refused.status, refused.body) == (500, b'{"message":"Internal Server Error"}')


@pytest.mark.parametrize("path", ["/bad/raise", "/bad/split", "/bad/hang", "/bad/big", "/missing"])
def test_failures_of_http_apis(http_api: ServedApi, path: str) -> None:
    answer = http_api.get(path)
    assert (answer.status, answer.body) == (500, b'{"message":"Internal Server Error"}')
    assert "x-amzn-errortype" not in answer.headers
    assert http_api.log_line(answer)["reason"].startswith("integration.")
