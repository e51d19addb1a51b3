import pytest

from bargate.mapping.cors import compile_cors
from bargate.model.http_api import Cors
from bargate.model.invalid import InvalidConfiguration
from building import call


def preflight(cors: Cors, origin: str, **headers):
    asked = call("OPTIONS", headers={
        "Origin": origin, "Access-Control-Request-Method": "PUT", **headers,
    })  # fmt: skip
    response = compile_cors(cors).preflight(asked)
    assert response is not None
    assert response.status == 204
    assert response.body == b""
    return dict(response.headers)


FULL = Cors(
    allow_origins=("https://www.example.com",), allow_methods=("GET", "PUT"),
    allow_headers=("x-a", "authorization"), expose_headers=("x-b",), max_age_s=300,
    allow_credentials=True,
)  # fmt: skip


def test_an_allowed_preflight():
    assert preflight(FULL, "https://www.example.com") == {
        b"Access-Control-Allow-Origin": b"https://www.example.com",
        b"Vary": b"Origin",
        b"Access-Control-Allow-Methods": b"GET,PUT",
        b"Access-Control-Allow-Headers": b"x-a,authorization",
        b"Access-Control-Max-Age": b"300",
        b"Access-Control-Allow-Credentials": b"true",
    }


@pytest.mark.parametrize(
    ("pattern", "origin", "allowed"),
    [
        ("*", "https://any.test", True), ("*", "null", True),
        ("https://*", "https://any.test", True), ("https://*", "https://any.test:8443", True),
        ("https://*", "http://any.test", False), ("https://*", "null", False),
        ("https://*", "https://any.test/path", False), ("https://*", "https://", False),
        ("https://*.example.com", "https://a.example.com", True),
        ("https://*.example.com", "https://a.b.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://aexample.com", False),
        ("https://*.example.com", "https://a.example.com.evil.test", False),
        ("https://*.example.com", "https://evil.test/.example.com", False),
        ("https://*.example.com", "https://evil.test#.example.com", False),
        ("https://*.example.com", "https://u@a.example.com", False),
        ("https://*.example.com", "https://a.example.com:8443", False),
        ("https://*.example.com:8443", "https://a.example.com:8443", True),
        ("https://www.example.com", "https://www.example.com", True),
        ("https://www.example.com", "https://www.example.com:443", False),
        ("https://www.example.com", "https://wwwxexample.com", False),
        ("http://localhost:3000", "http://localhost:3000", True),
        ("null", "null", True),
    ],
)  # fmt: skip
def test_origins(pattern, origin, allowed):
    headers = preflight(Cors(allow_origins=(pattern,)), origin)
    assert (b"Access-Control-Allow-Origin" in headers) is allowed
    if pattern != "*":
        assert headers[b"Vary"] == b"Origin"


def test_what_is_not_a_preflight():
    compiled = compile_cors(FULL)
    assert compiled.preflight(call("OPTIONS", headers={"Origin": "https://x"})) is None
    assert compiled.preflight(call("OPTIONS")) is None
    asked = {"Origin": "https://x", "Access-Control-Request-Method": "GET"}
    assert compiled.preflight(call("GET", headers=asked)) is None


def test_a_star_beside_credentials_is_spelled_out():
    cors = Cors(
        allow_origins=("https://*",), allow_methods=("*",), allow_headers=("*",),
        allow_credentials=True,
    )  # fmt: skip
    headers = preflight(cors, "https://x.test", **{"Access-Control-Request-Headers": "x-a, x-b"})
    assert headers[b"Access-Control-Allow-Methods"] == b"PUT"
    assert headers[b"Access-Control-Allow-Headers"] == b"x-a, x-b"
    headers = preflight(cors, "https://x.test", **{"Access-Control-Request-Headers": "a\r\nb: c"})
    assert b"Access-Control-Allow-Headers" not in headers


def test_the_backends_cors_headers_are_replaced():
    backend = [
        (b"access-control-allow-origin", b"*"), (b"Access-Control-Expose-Headers", b"z"),
        (b"X-A", b"1"),
    ]  # fmt: skip
    compiled = compile_cors(FULL)
    allowed = compiled.apply(call(headers={"Origin": "https://www.example.com"}), backend)
    assert allowed == [
        (b"X-A", b"1"),
        (b"Access-Control-Allow-Origin", b"https://www.example.com"),
        (b"Vary", b"Origin"),
        (b"Access-Control-Allow-Credentials", b"true"),
        (b"Access-Control-Expose-Headers", b"x-b"),
    ]
    refused = compiled.apply(call(headers={"Origin": "https://evil.test"}), backend)
    assert refused == [(b"X-A", b"1"), (b"Vary", b"Origin")]
    assert compiled.apply(call(), backend) == [(b"X-A", b"1"), (b"Vary", b"Origin")]


@pytest.mark.parametrize(
    "cors",
    [
        Cors(allow_origins=("*",), allow_credentials=True),
        Cors(allow_origins=("example.com",)),
        Cors(allow_origins=("https://example.com/path",)),
        Cors(allow_origins=("https://ex*mple.com",)),
        Cors(allow_origins=("https://*.*.com",)),
        Cors(allow_origins=("https://a.test\r\nX: y",)),
        Cors(allow_methods=("GET POST",)),
        Cors(allow_headers=("a\r\nb",)),
        Cors(expose_headers=("a:",)),
        Cors(max_age_s=86_401),
        Cors(max_age_s=-2),
    ],
)
def test_settings_that_are_refused(cors):
    with pytest.raises(InvalidConfiguration):
        compile_cors(cors)


def test_no_settings():
    assert compile_cors(None) is None
