"""Integrations of REST APIs: http_proxy, http, mock, and backends that fail."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from documents import operation, proxy, rest
from served import ServedApi, served
from serving import Backend

SENT = "integration.request."
BACK = "method.response.header."
STRING = {"schema": {"type": "string"}}


def parameter(name: str, place: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}


def raw_backend(answer: bytes, context: ssl.SSLContext | None = None) -> tuple[socket.socket, str]:
    """Listen, and answer every connection with these bytes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            try:
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                connection.recv(65_536)
                connection.sendall(answer)
            except OSError:
                pass
            finally:
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    scheme = "http" if context is None else "https"
    return listening, f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "backend.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
HEADERS = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, x-hop\r\nX-Hop: 1\r\n"
    b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: own\r\nWWW-Authenticate: Basic\r\n"
    b"x-amzn-RequestId: forged\r\nx-amz-apigw-id: forged\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
    b"Keep-Alive: timeout=5\r\nAuthorization: x\r\nX-Kept: 1\r\n\r\nok"
)
GARBAGE = b"\x16\x03\x01 this is not HTTP\r\n\r\n"


def document(origin: Backend, raw: dict[str, str], silent: str) -> dict[str, Any]:
    base = f"http://127.0.0.1:{origin.port}"
    anyone = "x-amazon-apigateway-any-method"
    mapped = {
        SENT + "header.X-Static": "'fixed'",
        SENT + "header.X-From-Query": "method.request.querystring.q",
        SENT + "header.X-Stage": "context.stage",
        SENT + "header.X-Variable": "stageVariables.colour",
        SENT + "querystring.added": "method.request.header.x-in",
        SENT + "path.where": "method.request.path.id",
    }
    parameters = [parameter("q", "query"), parameter("x-in", "header"), parameter("id", "path")]
    template = (
        "#set($in = $input.path('$'))\n"
        '{"name": "$util.escapeJavaScript($in.name)", "id": "$input.params(\'id\')",'
        ' "agent": "$context.identity.userAgent", "n": $in.tags.size()}'
    )
    custom = {
        "type": "http",
        "httpMethod": "POST",
        "uri": f"{base}/custom/{{where}}",
        "requestParameters": mapped,
        "requestTemplates": {"application/json": template},
        "passthroughBehavior": "never",
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {
                    BACK + "X-Mapped": "integration.response.header.X-Backend",
                    BACK + "X-Body": "integration.response.body.id",
                    BACK + "X-Fixed": "'here'",
                },
                "responseTemplates": {
                    "application/json": '{"wrapped": $input.json(\'$.id\'), "stage": "$context.stage"}'
                },
            },
            "4\\d{2}": {
                "statusCode": "404",
                "responseTemplates": {"application/json": '{"gone":1}'},
            },
            "50[0-4]": {"statusCode": "502"},
        },
    }
    named = {f"X-{name}": STRING for name in ("Mapped", "Body", "Fixed")}
    answers = {
        "200": {"description": "ok", "headers": named},
        "404": {"description": "gone"},
        "502": {"description": "broken"},
    }
    greedy = {"requestParameters": {SENT + "path.proxy": "method.request.path.proxy"}}

    def text(handling: str | None, **more: Any) -> dict[str, Any]:
        kinds = {"contentHandling": handling} if handling else {}
        default = {"default": {"statusCode": "200"} | kinds}
        return operation(
            {"type": "http", "httpMethod": "POST", "uri": f"{base}/binary", "responses": default}
            | kinds
            | more
        )

    paths: dict[str, Any] = {
        "/proxy/{proxy+}": {
            "parameters": [parameter("proxy", "path")],
            anyone: operation(proxy(f"{base}/up/{{proxy}}", "ANY", **greedy)),
        },
        "/mapped/{id}": {
            "parameters": parameters,
            "get": operation(proxy(f"{base}/mapped/{{where}}?own=1", requestParameters=mapped)),
        },
        "/custom/{id}": {"parameters": parameters, "post": operation(custom) | {"responses": answers}},
        "/binary": {"post": text(None)},
        "/to-text": {"post": text("CONVERT_TO_TEXT")},
        "/to-binary": {"post": text("CONVERT_TO_BINARY")},
        "/mock": {
            "get": operation(
                {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 202}'},
                    "responses": {
                        "default": {"statusCode": "200"},
                        "202": {
                            "statusCode": "202",
                            "responseTemplates": {"application/json": '{"path":"$context.resourcePath"}'},
                        },
                    },
                }
            ) | {"responses": {"200": {"description": "ok"}, "202": {"description": "ok"}}}
        },
        "/lambda": {
            "get": operation(
                {
                    "type": "aws_proxy",
                    "httpMethod": "POST",
                    "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
                    "arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
                }
            )
        },
        "/slow": {"get": operation(proxy(f"{silent}/", timeoutInMillis=50))},
        "/dead": {"get": operation(proxy("http://127.0.0.1:9/"))},
        "/unnamed": {"get": operation(proxy("http://backend.invalid/"))},
        "/variable": {"get": operation(proxy("http://${stageVariables.backend}/from-variable"))},
        "/tls": {"get": operation(proxy(raw["tls"]))},
        "/tls-insecure": {
            "get": operation(proxy(raw["tls"], tlsConfig={"insecureSkipVerification": True}))
        },
    }  # fmt: skip
    for name in ("headers", "garbage", "closing"):
        paths[f"/{name}"] = {"get": operation(proxy(raw[name]))}
    paths["/headers-custom"] = {
        "get": operation(
            {"type": "http", "httpMethod": "GET", "uri": raw["headers"],
             "responses": {"default": {"statusCode": "200"}}}
        )
    }  # fmt: skip
    fields = {
        "x-bargate-api-id": "integrated",
        "x-amazon-apigateway-binary-media-types": ["image/png"],
    }
    return rest(paths, **fields)


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend, silent: str
) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("integrations")
    backends = {
        "headers": raw_backend(HEADERS),
        "garbage": raw_backend(GARBAGE),
        "closing": raw_backend(b""),
        "tls": raw_backend(OK, self_signed(folder)),
    }
    urls = {name: url for name, (_, url) in backends.items()}
    variables = ("--stage-variable", "colour=blue",
                 "--stage-variable", f"backend=127.0.0.1:{origin.port}")  # fmt: skip
    with served(folder, run_dir, document(origin, urls, silent), *variables) as running:
        yield running
    for listening, _ in backends.values():
        listening.close()


def test_a_proxy_passes_the_rest_of_the_path_and_the_query(api: ServedApi, origin: Backend) -> None:
    for sent in ("a", "a/b/c", "a%20b/%C3%A4", "a/?x=1&x=2&y", "a?q=%2F%26&z=a+b", "a'(b)*!~"):
        assert api.call("POST", f"/proxy/{sent}", {}, b"body").status == 200
        assert origin.received[-1].target == f"/up/{sent}"
        assert origin.received[-1].method == "POST"
        assert origin.received[-1].body == b"body"


def test_what_a_proxy_tells_the_backend(api: ServedApi, origin: Backend) -> None:
    """AWS [R] apigw-objects §3."""
    sent = {
        "Connection": "keep-alive, X-Hop", "X-Hop": "1", "TE": "trailers", "Max-Forwards": "1",
        "Proxy-Authenticate": "x", "Trailer": "x", "Upgrade-Insecure": "1", "Server": "x",
        "WWW-Authenticate": "x", "Content-MD5": "x", "Via": "1.1 x", "X-Kept": "1",
        "Proxy-Authorization": "x", "Keep-Alive": "1",
        "X-Amzn-Apigateway-Api-Id": "forged", "X-Forwarded-For": "9.9.9.9",
        "X-Forwarded-Proto": "https", "Authorization": "AWS4-HMAC-SHA256 Credential=AKID/x",
    }  # fmt: skip
    assert api.call("GET", "/proxy/a", sent).status == 200
    received = origin.received[-1]
    names = {name.lower() for name, _ in received.headers}
    dropped = {name.lower() for name in sent} - {
        "upgrade-insecure", "x-kept", "connection", "x-amzn-apigateway-api-id", "x-forwarded-for",
        "x-forwarded-proto",
    }  # fmt: skip
    assert not names & dropped
    assert received.header("X-Kept") == "1"
    assert received.header("User-Agent") == "AmazonAPIGateway_integrated"
    assert received.header("X-Amzn-Apigateway-Api-Id") == "integrated"
    assert received.header("Host") == f"127.0.0.1:{origin.port}"
    assert received.header("X-Forwarded-For") == "9.9.9.9, 127.0.0.1"
    assert received.header("X-Forwarded-Proto") == "http"
    assert re.fullmatch(
        r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", received.header("X-Amzn-Trace-Id") or ""
    )
    assert api.get("/proxy/a", Authorization="Bearer x", User_Agent="mine").status == 200
    assert origin.received[-1].header("Authorization") == "Bearer x"
    assert origin.received[-1].header("User-Agent") == "mine"


def test_parameters_are_mapped(api: ServedApi, origin: Backend) -> None:
    assert api.get("/mapped/a%2Fb?q=1%202&z=3", X_In="v&w", X_Static="forged").status == 200
    received = origin.received[-1]
    assert received.target == "/mapped/a%2Fb?own=1&q=1%202&z=3&added=v%26w"
    assert received.header("X-Static") == "fixed"
    assert received.header("X-From-Query") == "1 2"
    assert received.header("X-Stage") == "prod"
    assert received.header("X-Variable") == "blue"


@pytest.mark.parametrize("hostile", ["%0d%0aX-Injected:1", "%0a%0aGET%20/", "%00", "a%0d"])
def test_mapped_values_stay_in_their_line(api: ServedApi, origin: Backend, hostile: str) -> None:
    before = len(origin.received)
    for path in (f"/mapped/a?q={hostile}", f"/mapped/x{hostile}?q=1", f"/mapped/a?{hostile}=1"):
        answer = api.get(path)
        assert answer.status in {200, 400, 403}
    assert len(origin.received) <= before + 3
    for received in origin.received[before:]:
        assert received.header("X-Injected") is None
        assert received.method == "GET"


def test_headers_of_a_proxied_answer(api: ServedApi) -> None:
    """AWS [R] apigw-objects §3: remapped names; hop-by-hop fields end here."""
    answer = api.get("/headers")
    assert (answer.status, answer.body) == (200, b"ok")
    assert answer.headers["x-amzn-remapped-date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert answer.headers["x-amzn-remapped-server"] == "own"
    assert answer.headers["x-amzn-remapped-x-amzn-requestid"] == "forged"
    assert answer.headers["www-authenticate"] == "Basic"
    assert answer.headers["x-kept"] == "1"
    assert "x-hop" not in answer.headers
    assert "keep-alive" not in answer.headers
    assert answer.request_id != "forged"
    assert answer.headers["x-amz-apigw-id"] != "forged"
    assert "1970" not in answer.headers["date"]
    whole = api.raw(
        f"GET {api.base}/headers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    )
    assert whole.count(b"\r\nSet-Cookie: ") == 2


def test_headers_of_a_custom_answer(api: ServedApi) -> None:
    answer = api.get("/headers-custom")
    assert answer.status == 200
    passed = {"x-kept", "www-authenticate", "set-cookie", "x-amzn-remapped-server", "authorization"}
    assert not passed & set(answer.headers)
    assert answer.headers["content-type"] == "application/json"


def test_a_custom_integration_maps_both_ways(api: ServedApi, origin: Backend) -> None:
    origin.answers["/custom/7"] = (201, {"X-Backend": "b", "X-Other": "o"}, b'{"id":"x\\"y"}')
    data = json.dumps({"name": 'O"Hara\n', "tags": [1, 2]}).encode()
    answer = api.call(
        "POST", "/custom/7?q=1", {"X-In": "in", "User-Agent": "me", "X-Not-Mapped": "1"}, data
    )
    assert answer.status == 200
    assert answer.json == {"wrapped": 'x"y', "stage": "prod"}
    assert answer.headers["x-mapped"] == "b"
    assert answer.headers["x-body"] == 'x"y'
    assert answer.headers["x-fixed"] == "here"
    assert "x-other" not in answer.headers
    received = origin.received[-1]
    assert received.target == "/custom/7?added=in"
    assert json.loads(received.body) == {"name": 'O"Hara\n', "id": "7", "agent": "me", "n": 2}
    assert received.header("X-Static") == "fixed"
    assert received.header("X-Not-Mapped") is None


@pytest.mark.parametrize(
    ("backend", "client", "body"),
    [(200, 200, None), (404, 404, b'{"gone":1}'), (499, 404, b'{"gone":1}'), (503, 502, b'{"id":1}'), (505, 200, None)],
)  # fmt: skip
def test_selection_patterns(
    api: ServedApi, origin: Backend, backend: int, client: int, body: bytes | None
) -> None:
    origin.answers["/custom/s"] = (backend, {}, b'{"id":1}')
    answer = api.call("POST", "/custom/s", {}, b'{"name":"a","tags":[]}')
    assert answer.status == client
    if body is not None:
        assert answer.body == body


def test_no_template_and_no_passthrough(api: ServedApi, origin: Backend) -> None:
    before = len(origin.received)
    answer = api.call("POST", "/custom/7", {"Content-Type": "text/plain"}, b"x")
    assert (answer.status, answer.body) == (415, b'{"message":"Unsupported Media Type"}')
    assert answer.headers["x-amzn-errortype"] == "BadRequestException"
    assert len(origin.received) == before


def test_content_handling(api: ServedApi, origin: Backend) -> None:
    png = b"\x89PNG\xff\x00"
    origin.answers["/binary"] = (200, {"Content-Type": "image/png"}, png)
    image = {"Content-Type": "image/png", "Accept": "image/png"}
    answer = api.call("POST", "/binary", image, png)
    assert (origin.received[-1].body, answer.body) == (png, png)
    assert api.call("POST", "/binary", {"Content-Type": "image/png"}, png).body == b"iVBOR/8A"
    answer = api.call("POST", "/to-text", image, png)
    assert (origin.received[-1].body, answer.body) == (b"iVBOR/8A", b"iVBOR/8A")
    text = {"Content-Type": "text/plain"}
    answer = api.call("POST", "/to-binary", text, b"iVBOR/8A")
    assert (origin.received[-1].body, answer.body) == (png, png)
    broken = api.call("POST", "/to-binary", text, b"not base64!")
    assert broken.status == 400


def test_a_mock_answers_without_a_backend(api: ServedApi) -> None:
    answer = api.get("/mock")
    assert (answer.status, answer.body) == (202, b'{"path":"/mock"}')
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-amzn-requestid"]


def test_a_stage_variable_names_the_backend(api: ServedApi, origin: Backend) -> None:
    assert api.get("/variable").status == 200
    assert origin.received[-1].target == "/from-variable"


@pytest.mark.parametrize(
    ("path", "status", "message", "reason"),
    [
        ("/slow", 504, "Endpoint request timed out", "integration.timeout"),
        ("/dead", 504, "Internal server error", "integration.unreachable"),
        ("/unnamed", 504, "Internal server error", "integration.unreachable"),
        ("/garbage", 502, "Internal server error", "integration.malformed"),
        ("/closing", 502, "Internal server error", "integration.closed"),
        ("/tls", 504, "Internal server error", "integration.unreachable"),
        ("/lambda", 500, "Internal server error", "integration.function_not_found"),
    ],
)
def test_backends_that_fail(
    api: ServedApi, path: str, status: int, message: str, reason: str
) -> None:
    started = time.monotonic()
    answer = api.get(path)
    assert time.monotonic() - started < 3
    assert (answer.status, answer.body) == (status, b'{"message":"%b"}' % message.encode())
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"
    line = api.log_line(answer)
    assert line["reason"] == reason
    assert line["detail"]
    if path == "/lambda":
        assert "no Lambda function" in line["detail"]


def test_a_self_signed_backend_is_taken_where_the_document_says_so(api: ServedApi) -> None:
    answer = api.get("/tls-insecure")
    assert (answer.status, answer.body) == (200, b"ok")
