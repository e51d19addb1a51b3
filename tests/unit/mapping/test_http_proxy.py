import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.headers import PassingNames
from bargate.mapping.integrations import compile_rest_integration
from bargate.mapping.plan import UpstreamRequest
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Integration
from building import PLACE, STAGE, call, method, rest_api


def proxy(uri, path="/pets/{id}", declared=(), variables=None, verb="GET", api=None, **fields):
    integration = Integration(**{"type": "HTTP_PROXY", "http_method": "ANY", "uri": uri, **fields})
    made = rest_api(
        (
            path,
            method(
                verb,
                integration=integration,
                request_parameters=dict.fromkeys(declared, False),
            ),
        ),
        **(api or {}),
    )
    stage = structs.replace(STAGE, variables=variables or {})
    resource = made.resources[0]
    return GuardedMethod(PLACE, made, stage, resource, resource.methods[0], HttpKeyDirectory(fetch))


def plan(*args, **fields):
    return compile_rest_integration(proxy(*args, **fields))


def sent(compiled, asked: Call, parameters=None, facts=None) -> UpstreamRequest:
    request = compiled.request(asked, facts or Facts(parameters or {"id": "7"}))
    assert isinstance(request, UpstreamRequest), request
    return request


def head(request: UpstreamRequest) -> tuple[str, dict[str, list[str]]]:
    line, *lines = request.head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    found: dict[str, list[str]] = {}
    for header in lines:
        name, _, value = header.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return line, found


def test_a_plain_get_is_forwarded_as_recorded():
    request = sent(
        plan("http://backend.test:9000/v1/pets/{id}"),
        call(path="/pets/7", query="a=b&a=%20c", headers={"Host": "api.test:8080", "X-A": "1"}),
    )
    line, headers = head(request)
    assert line == "GET /v1/pets/7?a=b&a=%20c HTTP/1.1"
    assert headers == {
        "host": ["backend.test:9000"],
        "x-a": ["1"],
        "user-agent": ["AmazonAPIGateway_petstore"],
        "accept": ["application/json"],
        "x-forwarded-for": ["203.0.113.7"],
        "x-forwarded-port": ["8080"],
        "x-forwarded-proto": ["http"],
        "x-amzn-trace-id": ["Root=1-6ab13b80-6b0a3c5e0000400080000000"],
        "x-amzn-apigateway-api-id": ["petstore"],
    }
    assert (request.origin.host, request.origin.port) == ("backend.test", 9000)
    assert request.retryable
    assert request.timeout_s == 29.0


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards",
        "Proxy-Authenticate", "Server", "TE", "Transfer-Encoding", "Trailer", "Upgrade",
        "WWW-Authenticate", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection",
        "Content-Encoding", "Via",
    ],
)  # fmt: skip
def test_headers_that_never_pass(name):
    for spelling in (name, name.lower(), name.upper()):
        _, headers = head(
            sent(plan("http://b.test/"), call(headers={"Host": "x", spelling: "keep-alive"}))
        )
        assert name.lower() not in headers


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("User-Agent", "curl/8"), ("Accept", "text/html"), ("Accept-Encoding", "br"),
        ("Authorization", "Bearer abc"), ("Cookie", "a=b"), ("Content-Type", "text/plain"),
        ("Date", "Sun"), ("Pragma", "cache"), ("Range", "bytes=0-1"), ("Referer", "http://x"),
        ("X-Api-Key", "k"), ("Origin", "https://o"),
    ],
)  # fmt: skip
def test_headers_that_pass_unchanged(name, value):
    _, headers = head(sent(plan("http://b.test/"), call(headers={name: value})))
    assert headers[name.lower()] == [value]


def test_signatures_and_look_alikes_of_the_gateways_headers_do_not_pass():
    _, headers = head(
        sent(
            plan("http://b.test/"),
            call(
                headers={
                    "Authorization": "AWS4-HMAC-SHA256 Credential=x",
                    "X_Forwarded_For": "10.0.0.1",
                    "X-Amzn_Apigateway-API_Id": "other",
                    "Http2-Settings": "AAMAAABk",
                    "X-Stay": "3",
                }
            ),
        )
    )
    assert "authorization" not in headers
    assert headers["x-amzn-apigateway-api-id"] == ["petstore"]
    assert not {"x_forwarded_for", "x-amzn_apigateway-api_id", "http2-settings"} & set(headers)
    assert headers["x-stay"] == ["3"]


def test_names_are_remembered_within_bounds():
    names = PassingNames({b"x-user", b"under_score"})
    refused = (b"X-User", b"x_user", b"X_USER", b"Under-Score", b"UNDER_score")
    for at in range(1000):
        assert names[b"x-%d" % at]
        assert not any(names[name] for name in refused)
    assert names[b"x" * 8192]
    assert len(names) <= 64
    assert max(map(len, names)) <= 64


def test_what_clients_say_of_themselves_is_not_believed():
    _, headers = head(
        sent(
            plan("http://b.test/"),
            call(
                secure=True,
                headers={
                    "Host": "api.test",
                    "X-Forwarded-For": "10.0.0.1",
                    "X-Forwarded-Proto": "gopher",
                    "X-Forwarded-Port": "1",
                    "X-Amzn-Apigateway-Api-Id": "forged",
                    "X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793",
                },
            ),
        )
    )
    assert headers["x-forwarded-for"] == ["10.0.0.1, 203.0.113.7"]
    assert headers["x-forwarded-proto"] == ["https"]
    assert headers["x-forwarded-port"] == ["443"]
    assert headers["x-amzn-apigateway-api-id"] == ["petstore"]
    assert headers["x-amzn-trace-id"] == ["Root=1-5759e988-bd862e3fe1be46a994272793"]


def test_body_framing():
    compiled = plan("http://b.test/", http_method="POST")
    request = sent(compiled, call("POST", body=b"hello", headers={"Content-Length": "999"}))
    assert head(request)[1]["content-length"] == ["5"]
    assert request.body == b"hello"
    assert not request.retryable
    assert head(sent(compiled, call("POST")))[1]["content-length"] == ["0"]
    assert "content-length" not in head(sent(plan("http://b.test/"), call()))[1]


def test_mapped_parameters_as_recorded():
    compiled = plan(
        "http://b.test/?testVar={pathVar}&testQs={qsVar}",
        path="/{pathVariable}",
        declared=(
            "method.request.header.foobar",
            "method.request.header.emptyheader",
            "method.request.querystring.testVar",
            "method.request.querystring.testQueryString",
        ),
        request_parameters={
            "integration.request.header.headerVar": "method.request.header.foobar",
            "integration.request.path.qsVar": "method.request.querystring.testVar",
            "integration.request.path.pathVar": "method.request.path.pathVariable",
            "integration.request.querystring.queryString": "method.request.querystring.testQueryString",
            "integration.request.querystring.testQs": "method.request.querystring.testQueryString",
            "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader",
        },
    )
    line, headers = head(
        sent(
            compiled,
            call(
                query="testQueryString=foo&testVar=bar",
                headers={"foobar": "mapped-value", "headerVar": "request-value"},
            ),
            {"pathVariable": "foobar"},
        )
    )
    assert line == (
        "GET /?testVar=foobar&testQs=bar&testQueryString=foo&testVar=bar"
        "&queryString=foo&testQs=foo HTTP/1.1"
    )
    assert headers["headervar"] == ["mapped-value"]


def test_a_client_cannot_speak_for_a_missing_claim():
    compiled = plan(
        "http://b.test/",
        request_parameters={
            "integration.request.header.X-User": "context.authorizer.claims.sub",
            "integration.request.header.Host": "'inner.test'",
            "integration.request.header.User-Agent": "stageVariables.agent",
        },
        variables={"agent": "mine"},
    )
    facts = Facts({})
    _, headers = head(sent(compiled, call(headers={"X-User": "root"}), facts=facts))
    assert "x-user" not in headers
    assert headers["host"] == ["inner.test"]
    assert headers["user-agent"] == ["mine"]
    facts.claims = {"sub": "me"}
    _, headers = head(sent(compiled, call(headers={"X-User": "root"}), facts=facts))
    assert headers["x-user"] == ["me"]


def test_stage_variables_choose_origin_and_path():
    compiled = plan(
        "https://${stageVariables.host}/${stageVariables.base}/{id}",
        variables={"host": "b.test:8443", "base": "v2"},
        insecure_skip_verification=True,
    )
    request = sent(compiled, call())
    assert request.head.startswith(b"GET /v2/7 HTTP/1.1\r\nHost: b.test:8443\r\n")
    assert request.origin.scheme == "https"
    assert request.origin.port == 8443
    assert not request.origin.verify


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("ftp://b.test/", "Invalid HTTP endpoint specified for URI"),
        ("", "Invalid HTTP endpoint specified for URI"),
        ("http://", "Invalid HTTP endpoint specified for URI"),
        ("http://user@b.test/", "Invalid HTTP endpoint specified for URI"),
        ("http://{id}.test/", "cannot choose the host"),
        ("http://b.test:{id}/", "cannot choose the host"),
        ("http://b.test:99999/", "65535"),
        ("http://b.test/{nothing}", "nothing fills {nothing}"),
        ("http://b.test/a b", "percent-encoded"),
        ("http://b.test/a\r\nX: y", "percent-encoded"),
        ("http://b.test/#x", "percent-encoded"),
        ("http://b.test/a/../{id}", "'..' segment"),
        ("http://${stageVariables.host}/", "'host' is not set"),
    ],
)
def test_uris_that_are_refused(uri, said):
    with pytest.raises(InvalidConfiguration) as refused:
        plan(uri)
    assert said in refused.value.message
    assert refused.value.path == (
        "paths", "/pets/{id}", "get", "x-amazon-apigateway-integration", "uri",
    )  # fmt: skip


def test_any_methods_are_named_as_in_the_document():
    with pytest.raises(InvalidConfiguration) as refused:
        plan("x", verb="ANY")
    assert refused.value.path[2] == "x-amazon-apigateway-any-method"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"http_method": None}, "Enumeration value for HttpMethod must be non-empty"),
        ({"http_method": "GET /x"}, "not an HTTP method"),
        ({"timeout_ms": 49}, "Timeout should be between 50 ms and 29000 ms"),
        ({"timeout_ms": 29_001}, "Timeout should be between"),
        ({"request_parameters": {"integration.request.header.Content-Length": "'1'"}}, "cannot be mapped"),
        ({"request_parameters": {"integration.request.header.Transfer-Encoding": "'x'"}}, "cannot be mapped"),
        ({"request_parameters": {"integration.request.header.X-Amzn-Trace-Id": "'x'"}}, "cannot be mapped"),
        ({"request_parameters": {"integration.request.header.a b": "'x'"}}, "not a header name"),
        ({"request_parameters": {"integration.request.cookie.a": "'x'"}}, "Invalid mapping expression"),
        ({"request_parameters": {"integration.request.header.a": "unquoted"}}, "Invalid mapping expression"),
        ({"request_parameters": {"integration.request.header.a": "method.request.header.undeclared"}},
         "Invalid mapping expression parameter specified: method.request.header.undeclared]"),
    ],
)  # fmt: skip
def test_settings_that_are_refused(fields, said):
    with pytest.raises(InvalidConfiguration) as refused:
        plan("http://b.test/", **fields)
    assert said in refused.value.message


def test_the_answer_is_renamed_as_recorded():
    compiled = plan("http://b.test/")
    status, headers = compiled.head(
        call(), Facts({}), 418,
        [
            (b"Connection", b"keep-alive"), (b"Content-Length", b"5"), (b"Date", b"d"),
            (b"server", b"s"), (b"x-amzn-RequestId", b"r"), (b"x-amz-apigw-id", b"forged"),
            (b"Transfer-Encoding", b"chunked"), (b"Keep-Alive", b"t"),
            (b"WWW-Authenticate", b"Basic"), (b"Set-Cookie", b"a"), (b"Set-Cookie", b"b"),
        ],
    )  # fmt: skip
    assert compiled.streams
    assert status == 418
    assert headers == [
        (b"x-amzn-Remapped-Connection", b"keep-alive"),
        (b"x-amzn-Remapped-Content-Length", b"5"),
        (b"x-amzn-Remapped-Date", b"d"),
        (b"x-amzn-Remapped-server", b"s"),
        (b"x-amzn-Remapped-x-amzn-RequestId", b"r"),
        (b"x-amzn-Remapped-x-amz-apigw-id", b"forged"),
        (b"WWW-Authenticate", b"Basic"),
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
    ]


@pytest.mark.parametrize(
    "value", ["..", ".", "..%2fadmin", "a/../../b", "%2e%2e", "x/%2E./y", "..%5cx", "..;x"]
)
def test_dot_segments_do_not_reach_the_backend(value):
    compiled = plan("http://b.test/v1/{proxy}", path="/{proxy+}")
    denial = compiled.request(call(), Facts({"proxy": value}))
    assert isinstance(denial, Denial)
    assert denial.reason == "integration.unsafe_path"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("a%2Fb", "a%2Fb"), ("a/b", "a/b"), ("a?b", "a%3Fb"), ("a#b", "a%23b"), ("a b", "a%20b"),
        ("%zz", "%25zz"), ("\r\nX:y", "%0D%0AX:y"), ("@evil.test", "@evil.test"), ("a..b", "a..b"),
    ],
)  # fmt: skip
def test_path_values_stay_in_the_path(value, path):
    compiled = plan("http://b.test/v1/{proxy}", path="/{proxy+}")
    line, _ = head(sent(compiled, call(), {"proxy": value}))
    assert line == f"GET /v1/{path} HTTP/1.1"


def test_binary_bodies_are_converted_where_the_integration_says_so():
    compiled = plan(
        "http://b.test/", http_method="POST", content_handling="CONVERT_TO_TEXT",
        api={"binary_media_types": ("image/*",)},
    )  # fmt: skip
    as_image = call("POST", body=b"\xff", headers={"Content-Type": "image/png"})
    assert sent(compiled, as_image).body == b"/w=="
    as_text = call("POST", body=b"text", headers={"Content-Type": "text/plain"})
    assert sent(compiled, as_text).body == b"text"


hostile = st.text(st.sampled_from("ab/.%2fF\r\n\0 ?#@:;&=\\\t\x85é€\x7f"), max_size=12)


@given(value=hostile, query=hostile, header=hostile, forwarded=hostile)
def test_no_value_breaks_out_of_the_head(value, query, header, forwarded):
    compiled = plan(
        "http://b.test:81/v1/{proxy}/{q}?k={q}",
        path="/{proxy+}",
        declared=("method.request.querystring.q", "method.request.header.h"),
        request_parameters={
            "integration.request.path.q": "method.request.querystring.q",
            "integration.request.querystring.m": "method.request.header.h",
            "integration.request.header.X-M": "method.request.querystring.q",
        },
    )
    asked = call(
        query=f"q={query}",
        headers={
            name: text.encode("latin-1", "replace").decode("latin-1")
            for name, text in (("h", header), ("X-Raw", header), ("X-Forwarded-For", forwarded))
        },
    )
    request = compiled.request(asked, Facts({"proxy": value}))
    if isinstance(request, Denial):
        assert request.reason in {"integration.unsafe_path", "integration.unsafe_head"}
        return
    assert (request.origin.host, request.origin.port) == ("b.test", 81)
    assert request.head.endswith(b"\r\n\r\n")
    lines = request.head[:-4].split(b"\r\n")
    assert re.fullmatch(rb"GET /v1/[!-~]* HTTP/1\.1", lines[0])
    assert lines[1] == b"Host: b.test:81"
    assert sum(line.lower().startswith(b"host:") for line in lines) == 1
    assert not re.search(rb"[\r\n\0]", b"".join(lines))
    assert all(re.match(rb"[A-Za-z-]+: ", line) for line in lines[1:])
