import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.access.call import Facts
from bargate.access.control import GuardedRoute
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.integrations import compile_http_integration
from bargate.mapping.plan import UpstreamRequest
from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.installation import Stage
from bargate.model.invalid import InvalidConfiguration
from building import PLACE, call


def plan(uri="http://b.test/{proxy}", route="ANY /{proxy+}", changes=None, answers=None, **fields):
    integration = HttpIntegration(
        type=fields.pop("type", "HTTP_PROXY"), uri=uri, request_parameters=changes or {},
        response_parameters=answers or {}, **fields,
    )  # fmt: skip
    made = Route(route_key=route, integration=integration)
    api = HttpApi(id="httpapi", name="n", routes=(made,))
    stage = Stage(name="$default", variables={"v": "stage value"})
    return compile_http_integration(GuardedRoute(PLACE, api, stage, made, HttpKeyDirectory(fetch)))


def request(compiled, asked=None, **parameters):
    facts = Facts(parameters or {"proxy": "a/b%20c"})
    facts.claims = {"sub": "me/../x"}
    made = compiled.request(asked or call(path="/a/b%20c", headers={"Host": "api.test"}), facts)
    assert isinstance(made, UpstreamRequest), made
    line, *lines = made.head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    found = {}
    for header in lines:
        name, _, value = header.partition(": ")
        found.setdefault(name.lower(), []).append(value)
    return line, found


def test_what_the_backend_gets():
    line, headers = request(
        plan(),
        call(
            path="/a/b%20c", query="q=1",
            headers={"Host": "api.test", "X-Forwarded-For": "10.9.9.9", "Via": "1.0 p",
                     "Forwarded": 'for="x', "Connection": "close", "X_Forwarded_For": "x", "A": "b"},
        ),
    )  # fmt: skip
    assert line == "GET /a/b%20c?q=1 HTTP/1.1"
    assert headers["host"] == ["b.test"]
    assert headers["forwarded"] == ["for=203.0.113.7;host=api.test;proto=http"]
    assert headers["via"] == ["1.0 p, HTTP/1.1 AmazonAPIGateway"]
    assert headers["x-forwarded-for"] == ["10.9.9.9, 203.0.113.7"]
    assert headers["a"] == ["b"]
    assert not {"connection", "x_forwarded_for", "user-agent"} & set(headers)


def test_a_fixed_uri_is_the_whole_path():
    line, _ = request(plan("http://b.test/base?k=v", route="$default"))
    assert line == "GET /base?k=v HTTP/1.1"


@pytest.mark.parametrize("action", ["overwrite", "remove"])
@pytest.mark.parametrize(("mapped", "sent"), [("X-User", "x_user"), ("X_User", "X-USER")])
def test_a_look_alike_of_a_mapped_header_does_not_pass(action, mapped, sent):
    compiled = plan(changes={f"{action}:header.{mapped}": "own" if action == "overwrite" else "''"})
    _, headers = request(compiled, call(path="/a/b%20c", headers={"Host": "h", sent: "forged"}))
    values = [v for name in ("x-user", "x_user") for v in headers.get(name, [])]
    assert values == (["own"] if action == "overwrite" else [])


@pytest.mark.parametrize(
    ("changes", "header", "expected"),
    [
        ({"append:header.x-a": "$request.header.x-b"}, "x-a", ["1", "2"]),
        ({"overwrite:header.x-a": "$request.header.x-b"}, "x-a", ["2"]),
        ({"overwrite:header.x-a": "$request.header.none"}, "x-a", None),
        ({"remove:header.X-A": "''"}, "x-a", None),
        ({"append:header.n": "v=${stageVariables.v};${context.stage}"}, "n", ["v=stage value;$default"]),
        ({"append:header.n": "$request.querystring.q"}, "n", ["1,2"]),
        ({"append:header.n": "$request.body.a.b"}, "n", ["deep"]),
        ({"append:header.n": "$request.path"}, "n", ["/a/b%20c"]),
        ({"append:header.n": "$request.path.proxy"}, "n", ["a/b c"]),
        ({"append:header.n": "static"}, "n", ["static"]),
        ({"append:header.n": "$context.authorizer.claims.sub"}, "n", ["me/../x"]),
    ],
)  # fmt: skip
def test_header_changes(changes, header, expected):
    asked = call(
        path="/a/b%20c", query="q=1&q=2", headers={"x-a": "1", "x-b": "2"},
        body=b'{"a":{"b":"deep"}}',
    )  # fmt: skip
    assert request(plan(changes=changes), asked)[1].get(header) == expected


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"append:querystring.q": "3"}, "GET /a/b%20c?q=1&q=2&z=9&q=3 HTTP/1.1"),
        ({"overwrite:querystring.q": "&x"}, "GET /a/b%20c?z=9&q=%26x HTTP/1.1"),
        ({"remove:querystring.q": "''"}, "GET /a/b%20c?z=9 HTTP/1.1"),
        ({"overwrite:path": "/fixed"}, "GET /fixed?q=1&%71=2&z=9 HTTP/1.1"),
        ({"overwrite:path": "$request.path"}, "GET /a/b%20c?q=1&%71=2&z=9 HTTP/1.1"),
        ({"overwrite:path": "/u/${request.header.x}"}, "GET /u/a%2F%3Fb?q=1&%71=2&z=9 HTTP/1.1"),
        ({"overwrite:path": "$request.header.x"}, "GET /a/%3Fb?q=1&%71=2&z=9 HTTP/1.1"),
    ],
)
def test_target_changes(changes, line):
    asked = call(path="/a/b%20c", query="q=1&%71=2&z=9", headers={"x": "a/?b"})
    changed = request(plan(changes=changes), asked)[0]
    assert changed.replace("%71", "q") == line.replace("%71", "q")


def test_a_mapped_path_cannot_climb():
    compiled = plan(changes={"overwrite:path": "/u/${context.authorizer.claims.sub}"})
    facts = Facts({})
    facts.claims = {"sub": "me/../x"}
    denial = compiled.request(call(), facts)
    assert isinstance(denial, Denial)
    assert denial.reason == "integration.unsafe_path"


def test_answers_stream_with_their_mappings():
    compiled = plan(
        answers={"500": {"overwrite:statuscode": "403", "append:header.x": "$response.header.y",
                         "remove:header.z": "''"}}
    )  # fmt: skip
    backend = [(b"Connection", b"close"), (b"Content-Length", b"1"), (b"Keep-Alive", b"x"),
               (b"Server", b"s"), (b"y", b"1"), (b"Z", b"2"), (b"apigw-requestid", b"f")]  # fmt: skip
    assert compiled.streams
    assert compiled.head(call(), Facts({}), 500, backend) == (
        403, [(b"Server", b"s"), (b"y", b"1"), (b"x", b"1")],
    )  # fmt: skip
    assert compiled.head(call(), Facts({}), 200, backend)[0] == 200


def test_answers_are_buffered_where_a_mapping_reads_them():
    compiled = plan(answers={"200": {"append:header.x": "$response.body.a"}})
    assert not compiled.streams
    mapped = compiled.response(call(), Facts({}), 200, [], b'{"a":"v\\r\\nw"}')
    assert mapped.headers == [(b"x", b"v  w")]
    assert compiled.response(call(), Facts({}), 200, [], b"{").headers == []


@pytest.mark.parametrize(
    "fields",
    [
        {"uri": "http://b.test/{id}"}, {"uri": "arn:x"}, {"timeout_ms": 30_001},
        {"http_method": "A B"}, {"changes": {"append:header.Authorization": "x"}},
        {"changes": {"append:header.x-amzn-a": "x"}}, {"changes": {"append:header.Via": "x"}},
        {"changes": {"append:header.Host": "x"}}, {"changes": {"append:path": "x"}},
        {"changes": {"header.x": "x"}}, {"changes": {"append:header.x": "$request.cookie.a"}},
        {"changes": {"append:header.x": "$request.body..a"}},
        {"changes": {"append:header.x": "${request.path"}},
        {"changes": {"overwrite:path": "/a?b"}}, {"changes": {"overwrite:statuscode": "200"}},
        {"answers": {"abc": {"append:header.x": "y"}}},
        {"answers": {"200": {"append:querystring.x": "y"}}},
        {"answers": {"200": {"append:header.x": "$request.header.y"}}},
    ],
)  # fmt: skip
def test_bad_configuration_is_refused(fields):
    with pytest.raises(InvalidConfiguration) as refused:
        plan(**fields)
    assert refused.value.path[:3] == ("paths", "/{proxy+}", "x-amazon-apigateway-any-method")


hostile = st.text(st.sampled_from('ab/.%2fF\r\n\0 ?#@:;"\\é'), max_size=10)


@given(value=hostile, header=hostile, host=hostile)
def test_no_value_breaks_out_of_the_head(value, header, host):
    compiled = plan(
        "http://b.test/{proxy}?z={proxy}",
        changes={
            "append:header.x-m": "$request.querystring.q",
            "append:querystring.m": "$request.header.h",
        },
    )
    asked = call(query=f"q={value}", headers={"Host": host, "h": header, "Via": header})
    made = compiled.request(asked, Facts({"proxy": value}))
    if isinstance(made, Denial):
        assert made.reason in {"integration.unsafe_path", "integration.unsafe_head"}
        return
    lines = made.head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert re.fullmatch(rb"GET /[!-~]* HTTP/1\.1", lines[0])
    assert not re.search(rb"[\r\n\0]", b"".join(lines))
    assert [line for line in lines if line.lower().startswith(b"host:")] == [b"Host: b.test"]
