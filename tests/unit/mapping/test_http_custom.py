import json

import pytest

from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.integrations import compile_rest_integration
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Integration, IntegrationResponse, MethodResponse
from building import PLACE, STAGE, call, method, rest_api

DEFAULT = IntegrationResponse(status_code="200")


def plan(*, path="/pets/{id}", declared=(), answers=(), binary=(), **fields):
    integration = Integration(
        **{
            "type": "HTTP", "http_method": "POST", "uri": "http://b.test/{id}",
            "responses": (DEFAULT,), **fields,
        }
    )  # fmt: skip
    responses = tuple(
        MethodResponse(status_code=status, response_parameters=dict.fromkeys(names, False))
        for status, *names in answers
    )
    api = rest_api(
        (
            path,
            method(
                integration=integration,
                request_parameters=dict.fromkeys(declared, False),
                method_responses=responses,
            ),
        ),
        binary_media_types=binary,
    )
    resource = api.resources[0]
    return compile_rest_integration(
        GuardedMethod(PLACE, api, STAGE, resource, resource.methods[0], HttpKeyDirectory(fetch))
    )


def request(compiled, asked=None):
    made = compiled.request(asked or call("POST"), Facts({"id": "7"}))
    assert isinstance(made, UpstreamRequest), made
    line, *lines = made.head.decode().removesuffix("\r\n\r\n").split("\r\n")
    return line, dict(header.split(": ", 1) for header in lines), made.body


def answer(compiled, status=200, headers=(), body=b"", asked=None):
    return compiled.response(asked or call("POST"), Facts({"id": "7"}), status, list(headers), body)


def test_only_mapped_parameters_are_sent():
    compiled = plan(
        declared=("method.request.header.H", "method.request.querystring.q"),
        request_parameters={
            "integration.request.header.X-H": "method.request.header.H",
            "integration.request.header.X-Multi": "method.request.multivalueheader.H",
            "integration.request.header.X-Body": "method.request.body.a.b",
            "integration.request.header.X-Static": "'fixed'",
            "integration.request.header.X-Missing": "context.authorizer.nothing",
            "integration.request.querystring.q": "method.request.multivaluequerystring.q",
            "integration.request.querystring.one": "method.request.querystring.q",
            "integration.request.querystring.stage": "context.stage",
        },
    )
    asked = call(
        "POST", query="q=1&q=2%262&z=9", body=b'{"a":{"b":[1]}}',
        headers={"H": "first", "h": "last", "Cookie": "c", "User-Agent": "u", "Accept": "text/html",
                 "Content-Type": "application/json"},
    )  # fmt: skip
    line, headers, body = request(compiled, asked)
    assert line == "POST /7?q=1&q=2%262&one=2%262&stage=prod HTTP/1.1"
    assert headers == {
        "Host": "b.test",
        "Accept": "application/json",
        "User-Agent": "AmazonAPIGateway_petstore",
        "Content-Type": "application/json",
        "X-H": "last",
        "X-Multi": "first,last",
        "X-Body": "[1]",
        "X-Static": "fixed",
        "X-Amzn-Apigateway-Api-Id": "petstore",
        "X-Amzn-Trace-Id": "Root=1-6ab13b80-6b0a3c5e0000400080000000",
        "Content-Length": "15",
    }
    assert body == asked.body
    assert not compiled.streams


TEMPLATES = {
    "application/json": "#set($context.requestOverride.header.X-O = 'o')"
    "#set($context.requestOverride.path.id = 'a/b')"
    "#set($context.requestOverride.querystring.q = 'n')mapped $input.path('$.a')",
    "text/plain": "plain",
}


def test_templates_and_overrides():
    line, headers, body = request(plan(request_templates=TEMPLATES), call("POST", body=b'{"a":1}'))
    assert line == "POST /a%2Fb?q=n HTTP/1.1"
    assert headers["X-O"] == "o"
    assert body == b"mapped 1"
    asked = call("POST", headers={"Content-Type": "text/plain; charset=utf-8"})
    assert request(plan(request_templates=TEMPLATES), asked)[2] == b"plain"


@pytest.mark.parametrize(
    ("behavior", "templates", "passes"),
    [
        ("WHEN_NO_MATCH", TEMPLATES, True), ("WHEN_NO_TEMPLATES", TEMPLATES, False),
        ("WHEN_NO_TEMPLATES", {}, True), ("NEVER", TEMPLATES, False), ("NEVER", {}, False),
        ("NEVER", {"$default": "d"}, True),
    ],
)  # fmt: skip
def test_passthrough(behavior, templates, passes):
    compiled = plan(request_templates=templates, passthrough_behavior=behavior)
    made = compiled.request(
        call("POST", body=b"raw", headers={"Content-Type": "image/png"}), Facts({"id": "7"})
    )
    assert isinstance(made, UpstreamRequest) is passes
    if not passes:
        assert made.response_type == "UNSUPPORTED_MEDIA_TYPE"


def test_request_failures():
    compiled = plan(request_templates=TEMPLATES)
    denial = compiled.request(call("POST", body=b"{"), Facts({"id": "7"}))
    assert (denial.response_type, denial.message) == (
        "BAD_REQUEST_BODY", "Could not parse request body into json",
    )  # fmt: skip
    for template in (
        "#nosuch()",
        "#set($context.requestOverride.header.Content-Length = '1')",
        "#set($context.requestOverride.header.Transfer-Encoding = 'chunked')",
        "#set($context.requestOverride.header['a: b'] = '1')",
    ):
        compiled = plan(request_templates={"application/json": template})
        denial = compiled.request(call("POST"), Facts({"id": "7"}))
        assert denial.response_type == "API_CONFIGURATION_ERROR"
        assert denial.reason == "integration.template"


def test_an_override_cannot_split_the_head():
    template = (
        "#set($context.requestOverride.header.X-O = $input.params('q'))"
        "#set($context.requestOverride.path.id = $input.params('q'))"
        "#set($context.requestOverride.querystring.z = $input.params('q'))x"
    )
    asked = call("POST", query="q=a%0d%0aHost:+evil%00")
    line, headers, _ = request(plan(request_templates={"application/json": template}), asked)
    assert headers["Host"] == "b.test"
    assert headers["X-O"] == "a  Host: evil"
    assert line == "POST /a%0D%0AHost%3A%20evil%00?z=a%0D%0AHost%3A%20evil%00 HTTP/1.1"
    dotted = plan(
        request_templates={"application/json": "#set($context.requestOverride.path.id = '..')"}
    ).request(call("POST"), Facts({"id": "7"}))
    assert dotted.reason == "integration.unsafe_path"


RESPONSES = (
    IntegrationResponse(status_code="200", selection_pattern="2\\d{2}"),
    IntegrationResponse(
        status_code="404", selection_pattern="40",
        response_templates={"application/json": "never"},
    ),
    IntegrationResponse(
        status_code="422",
        response_parameters={
            "method.response.header.X-B": "integration.response.header.X-Backend",
            "method.response.header.X-M": "integration.response.multivalueheader.X-Backend",
            "method.response.header.X-J": "integration.response.body.a",
            "method.response.header.Server": "'mine'",
            "method.response.header.Access-Control-Allow-Origin": "'*'",
        },
        response_templates={
            "application/json": '{"was":$input.json(\'$.a\')}',
            "text/plain": "#set($context.responseOverride.status = 499)"
            "#set($context.responseOverride.header.X-B = $input.path('$.a'))text",
        },
    ),
)  # fmt: skip
ANSWERS = (
    ("422", *(f"method.response.header.{name}" for name in
     ("X-B", "X-M", "X-J", "Server", "Access-Control-Allow-Origin"))),
)  # fmt: skip


def test_integration_responses():
    compiled = plan(responses=RESPONSES, answers=ANSWERS)
    assert answer(compiled, 204, [(b"X-Backend", b"1")], b"body") == Response(
        200, [(b"Content-Type", b"application/json")], b"body"
    )
    backend = [(b"X-Backend", b"1"), (b"x-backend", b"2"), (b"Server", b"s")]
    mapped = answer(compiled, 404, backend, b'{"a":"v\\r\\nX: y"}')
    assert mapped.status == 422
    assert json.loads(mapped.body) == {"was": "v\r\nX: y"}
    assert mapped.headers == [
        (b"X-B", b"2"), (b"X-M", b"1,2"), (b"X-J", b"v  X: y"),
        (b"x-amzn-Remapped-Server", b"mine"), (b"Access-Control-Allow-Origin", b"*"),
        (b"Content-Type", b"application/json"),
    ]  # fmt: skip
    asked = call("POST", headers={"Accept": "text/plain"})
    overridden = answer(compiled, 500, backend, b'{"a":"v\\r\\nX: y"}', asked)
    assert (overridden.status, overridden.body) == (499, b"text")
    assert (b"X-B", b"v  X: y") in overridden.headers
    assert (b"Content-Type", b"text/plain") in overridden.headers


def test_no_matching_response_is_a_configuration_error():
    compiled = plan(responses=RESPONSES[:2])
    denial = answer(compiled, 500)
    assert isinstance(denial, Denial)
    assert denial.response_type == "API_CONFIGURATION_ERROR"
    assert denial.reason == "integration.no_response"
    assert isinstance(answer(plan(responses=RESPONSES, answers=ANSWERS), 404, body=b"{"), Denial)


PNG = (b"Content-Type", b"image/png")
TEXT = (b"Content-Type", b"text/plain")


@pytest.mark.parametrize(
    ("handling", "sent", "accept", "body", "expected"),
    [
        (None, PNG, "image/png", b"\xff", b"\xff"), (None, PNG, "text/html", b"\xff", b"/w=="),
        ("CONVERT_TO_TEXT", PNG, "image/png", b"\xff", b"/w=="),
        ("CONVERT_TO_BINARY", PNG, "text/html", b"\xff", b"\xff"),
        (None, TEXT, "text/html", b"/w==", b"/w=="), (None, TEXT, "image/png", b"/w==", b"\xff"),
        ("CONVERT_TO_BINARY", TEXT, "text/html", b"/w==", b"\xff"),
        ("CONVERT_TO_TEXT", TEXT, "image/png", b"/w==", b"/w=="),
        (None, TEXT, "text/html, image/png", b"/w==", b"/w=="),
    ],
)  # fmt: skip
def test_binary_answers(handling, sent, accept, body, expected):
    response = IntegrationResponse(status_code="200", content_handling=handling)
    compiled = plan(responses=(response,), binary=("image/*",))
    mapped = answer(compiled, 200, [sent], body, call("POST", headers={"Accept": accept}))
    assert mapped.body == expected


def test_what_is_not_base64_is_an_error():
    compiled = plan(binary=("image/*",))
    asked = call("POST", headers={"Accept": "image/png"})
    assert isinstance(answer(compiled, 200, [TEXT], b"!!", asked), Denial)
    compiled = plan(content_handling="CONVERT_TO_BINARY")
    assert isinstance(compiled.request(call("POST", body=b"!!"), Facts({"id": "1"})), Denial)


@pytest.mark.parametrize(
    "fields",
    [
        {"responses": (IntegrationResponse(
            status_code="200", response_parameters={"method.response.header.X": "'x'"}),)},
        {"responses": (IntegrationResponse(status_code="abc"),)},
        {"responses": (IntegrationResponse(status_code="200", selection_pattern="("),)},
        {"responses": (IntegrationResponse(
            status_code="200", response_templates={"application/json": "#if("  "1) "}),)},
        {"request_templates": {"application/json": "#foreach($a"}},
    ],
)  # fmt: skip
def test_bad_configuration_is_refused(fields):
    with pytest.raises(InvalidConfiguration) as refused:
        plan(**fields)
    assert refused.value.path[:4] == (
        "paths", "/pets/{id}", "get", "x-amazon-apigateway-integration",
    )  # fmt: skip


def test_undeclared_response_headers_have_awss_words():
    response = IntegrationResponse(
        status_code="200", response_parameters={"method.response.header.X": "'x'"}
    )
    with pytest.raises(InvalidConfiguration) as refused:
        plan(responses=(response,))
    assert refused.value.message == (
        "Invalid mapping expression specified: Validation Result: warnings : [], errors :"
        " [Invalid mapping expression parameter specified: method.response.header.X]"
    )
