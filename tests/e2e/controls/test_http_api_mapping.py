"""Integrations of HTTP APIs: parameter mapping, and backends that fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend


def document(origin: Backend, silent: str, garbage: str) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    request = {
        "append:header.x-list": "$request.header.x-in",
        "overwrite:header.x-set": "${request.querystring.q}-${context.stage}",
        "remove:header.x-gone": "''",
        "append:querystring.added": "$request.path.id",
        "overwrite:querystring.q": "new",
        "remove:querystring.gone": "''",
    }
    response = {
        "200": {
            "append:header.x-more": "$context.apiId",
            "overwrite:header.x-server": "$response.header.x-internal",
            "remove:header.x-internal": "''",
        },
        "404": {"overwrite:statuscode": "410"},
        "500": {"overwrite:statuscode": "$response.body.code"},
    }
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    mapping = {"requestParameters": request, "responseParameters": response}
    paths: dict[str, Any] = {
        "/mapped/{id}": {
            "parameters": parameters,
            "get": operation(proxy(f"{base}/mapped/{{id}}", **mapping)),
        },
        "/path/{id}": {
            "parameters": parameters,
            "get": operation(
                proxy(f"{base}/x", requestParameters={"overwrite:path": "/new/${request.path.id}"})
            ),
        },
        "/slow": {"get": operation(proxy(f"{silent}/", timeoutInMillis=50))},
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
        "/garbage": {"get": operation(proxy(garbage))},
        "/lambda": {
            "get": operation(
                {
                    "type": "aws_proxy",
                    "payloadFormatVersion": "2.0",
                    "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
                }
            )
        },
    }
    return rest(paths, **{"x-bargate-api-id": "mapped"})


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, silent: str
) -> Iterator[ServedApi]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def babble() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(b"\x00\x01 nonsense\r\n\r\n")

        threading.Thread(target=babble, daemon=True).start()
        garbage = f"http://127.0.0.1:{listening.getsockname()[1]}"
        folder = tmp_path_factory.mktemp("mapping")
        document_ = document(origin, silent, garbage)
        with served(folder, run_dir, document_, "--http-api") as running:
            yield running


def test_requests_are_mapped(api: ServedApi, origin: Backend) -> None:
    answer = api.get(
        "/mapped/a%20b?q=old&gone=1&kept=2&gone=3", X_In="in", X_List="one", X_Gone="x"
    )
    assert answer.status == 200
    received = origin.received[-1]
    assert received.target == "/mapped/a%20b?kept=2&added=a%20b&q=new"
    assert received.header("x-list") == "one, in"
    assert received.header("x-set") == "old-$default"
    assert received.header("x-gone") is None
    assert received.header("via") == "HTTP/1.1 AmazonAPIGateway"
    assert received.header("forwarded") == (
        f'for=127.0.0.1;host="127.0.0.1:{api.gateway.port}";proto=http'
    )


def test_the_path_is_overwritten(api: ServedApi, origin: Backend) -> None:
    assert api.get("/path/7?x=1").status == 200
    assert origin.received[-1].target == "/new/7?x=1"
    assert api.get("/path/a%2Fb").status == 200
    assert origin.received[-1].target == "/new/a%2Fb"
    before = len(origin.received)
    assert api.get("/path/%2e%2e").status == 400
    assert len(origin.received) == before


def test_answers_are_mapped(api: ServedApi, origin: Backend) -> None:
    origin.answers["/mapped/7"] = (200, {"X-Internal": "secret", "X-More": "own"}, b"{}")
    answer = api.get("/mapped/7")
    assert answer.status == 200
    assert "x-internal" not in answer.headers
    assert answer.headers["x-server"] == "secret"
    whole = api.raw(
        f"GET {api.base}/mapped/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )
    assert b"own" in whole
    assert b"\r\nx-more: mapped\r\n" in whole
    origin.answers["/mapped/8"] = (404, {}, b"gone")
    gone = api.get("/mapped/8")
    assert (gone.status, gone.body) == (410, b"gone")
    origin.answers["/mapped/9"] = (500, {}, b'{"code":"503"}')
    assert api.get("/mapped/9").status == 503
    origin.answers["/mapped/9"] = (500, {}, b'{"code":"200\\r\\nX-Injected: 1"}')
    assert api.get("/mapped/9").status == 500


def test_a_slow_backend_and_a_function_that_is_not_there(api: ServedApi) -> None:
    slow = api.get("/slow")
    assert (slow.status, slow.body) == (504, b'{"message":"Gateway Timeout"}')
    missing = api.get("/lambda")
    # AWS [D] apigw-errors §4: capitals, unlike REST
    assert (missing.status, missing.body) == (500, b'{"message":"Internal Server Error"}')
    assert "no Lambda function" in api.log_line(missing)["detail"]


@pytest.mark.parametrize("path", ["/dead", "/garbage"])
def test_a_broken_backend_is_service_unavailable(api: ServedApi, path: str) -> None:
    answer = api.get(path)
    assert (answer.status, answer.body) == (503, b'{"message":"Service Unavailable"}')
