import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.access.call import Facts
from bargate.access.verdict import Denial
from bargate.mapping.errors import ERROR_TYPES
from bargate.mapping.gateway_responses import RESPONSE_TYPES, compile_gateway_responses
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import GatewayResponse
from building import PLACE, STAGE, call, rest_api


def render(response_type, *customised, asked=None, facts=None, **fields):
    stage = structs.replace(STAGE, variables={"colour": "blue"})
    refuser = compile_gateway_responses(rest_api(gateway_responses=tuple(customised)), stage, PLACE)
    denial = Denial(response_type=response_type, reason="r", detail="d", **fields)
    return refuser.render(asked or call(), facts, None, denial)


GOLDEN = {
    "ACCESS_DENIED": (403, "AccessDeniedException", b'{"Message":"Forbidden"}'),
    "API_CONFIGURATION_ERROR": (500, "InternalServerErrorException", b'{"message":"Internal server error"}'),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "AuthorizerConfigurationException", b'{"message":null}'),
    "AUTHORIZER_FAILURE": (500, "AuthorizerFailureException", b'{"message":null}'),
    "BAD_REQUEST_BODY": (400, "BadRequestException", b'{"message":"Invalid request body"}'),
    "BAD_REQUEST_PARAMETERS": (400, "BadRequestException", b'{"message":"Missing required request parameters"}'),
    "EXPIRED_TOKEN": (403, "ExpiredTokenException", b'{"message":"The security token included in the request is expired"}'),
    "INTEGRATION_FAILURE": (504, "InternalServerErrorException", b'{"message":"Internal server error"}'),
    "INTEGRATION_TIMEOUT": (504, "InternalServerErrorException", b'{"message":"Endpoint request timed out"}'),
    "INVALID_API_KEY": (403, "ForbiddenException", b'{"message":"Forbidden"}'),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationTokenException", b'{"message":"Missing Authentication Token"}'),
    "QUOTA_EXCEEDED": (429, "LimitExceededException", b'{"message":"Limit Exceeded"}'),
    "REQUEST_TOO_LARGE": (413, "RequestEntityTooLargeException", b"HTTP content length exceeded 10485760 bytes."),
    "RESOURCE_NOT_FOUND": (404, "ResourceNotFoundException", b'{"message":"Not Found"}'),
    "THROTTLED": (429, "TooManyRequestsException", b'{"message":"Too Many Requests"}'),
    "UNAUTHORIZED": (401, "UnauthorizedException", b'{"message":"Unauthorized"}'),
    "UNSUPPORTED_MEDIA_TYPE": (415, "BadRequestException", b'{"message":"Unsupported Media Type"}'),
    "WAF_FILTERED": (403, "ForbiddenException", b'{"message":"Forbidden"}'),
}  # fmt: skip


@pytest.mark.parametrize("response_type", sorted(GOLDEN))
def test_default_responses_are_as_recorded(response_type):
    status, error_type, body = GOLDEN[response_type]
    response = render(response_type)
    kind = b"text/plain" if response_type == "REQUEST_TOO_LARGE" else b"application/json"
    assert response.status == status
    assert response.body == body
    assert response.headers == [
        (b"Content-Type", kind), (b"x-amzn-ErrorType", error_type.encode()),
    ]  # fmt: skip


def test_every_type_is_covered():
    assert set(GOLDEN) | {"INVALID_SIGNATURE"} == set(ERROR_TYPES)
    assert len(RESPONSE_TYPES) == 21


def test_a_denial_has_its_own_words():
    response = render("ACCESS_DENIED", message='no "entry"', error_type="X", status=499)
    assert response.body == b'{"Message":"no \\"entry\\""}'
    assert response.status == 499
    assert (b"x-amzn-ErrorType", b"X") in response.headers


def test_defaults_are_inherited_by_what_is_not_customised():
    default = GatewayResponse(
        response_type="DEFAULT_5XX",
        status_code="599",
        response_parameters={"gatewayresponse.header.X-D": "'d'"},
        response_templates={"application/json": '{"t":"$context.error.responseType"}'},
    )
    inherited = render("INTEGRATION_TIMEOUT", default)
    assert inherited.status == 599
    assert inherited.body == b'{"t":"INTEGRATION_TIMEOUT"}'
    assert (b"X-D", b"d") in inherited.headers
    assert render("UNAUTHORIZED", default).status == 401

    own = GatewayResponse(
        response_type="INTEGRATION_TIMEOUT", response_parameters={"gatewayresponse.header.A": "'b'"}
    )
    customised = render("INTEGRATION_TIMEOUT", default, own)
    assert customised.status == 504
    assert customised.body == b'{"message":"Endpoint request timed out"}'
    assert (b"X-D", b"d") not in customised.headers


def test_a_status_alone_keeps_the_default_template():
    own = GatewayResponse(response_type="ACCESS_DENIED", status_code="404")
    response = render("ACCESS_DENIED", own, message="m")
    assert (response.status, response.body) == (404, b'{"Message":"m"}')


def test_templates_substitute_and_do_not_run():
    own = GatewayResponse(
        response_type="UNAUTHORIZED",
        response_templates={
            "application/json": "$context.requestId ${context.stage} $stageVariables.colour"
            " $context.error.message $context.error.validationErrorString $context.nothing.known"
            " method.request.header.X-A $method.request.querystring.q #set($x = 1) $x $5"
        },
    )
    response = render(
        "UNAUTHORIZED", own, asked=call(query="q=1", headers={"x-a": "v"}), validation_error="bad"
    )
    assert response.body == (
        b"6b0a3c5e-0000-4000-8000-000000000001 prod blue Unauthorized bad  v 1 #set($x = 1) $x $5"
    )


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, b"application/json"), ("*/*", b"application/json"), ("text/html", b"text/html"),
        ("image/png, TEXT/html;q=0.8", b"text/html"), ("nonsense", b"application/json"),
    ],
)  # fmt: skip
def test_the_template_follows_accept(accept, chosen):
    own = GatewayResponse(
        response_type="UNAUTHORIZED",
        response_templates={"text/html": "<p>", "application/json": "{}"},
    )
    asked = call(headers={} if accept is None else {"Accept": accept})
    assert render("UNAUTHORIZED", own, asked=asked).headers[0] == (b"Content-Type", chosen)


def test_what_callers_wrote_is_escaped():
    templates = {
        "application/json": '{"a":"$method.request.header.x"}',
        "text/html": "<b>$method.request.header.x</b>",
    }
    own = GatewayResponse(response_type="UNAUTHORIZED", response_templates=templates)
    asked = call(headers={"x": '"},<script>', "Accept": "text/html"})
    assert render("UNAUTHORIZED", own, asked=asked).body == b"<b>&quot;},&lt;script&gt;</b>"
    asked = call(headers={"x": '"},<script>'})
    assert json.loads(render("UNAUTHORIZED", own, asked=asked).body) == {"a": '"},<script>'}


@given(st.text(max_size=40))
def test_headers_from_callers_stay_one_line(text):
    own = GatewayResponse(
        response_type="UNAUTHORIZED",
        response_parameters={
            "gatewayresponse.header.Access-Control-Allow-Origin": "method.request.querystring.o"
        },
    )
    asked = call(query="o=" + "".join(f"%{byte:02X}" for byte in text.encode()))
    for name, value in render("UNAUTHORIZED", own, asked=asked).headers:
        assert not set(name + value) & set(b"\r\n\0")


@pytest.mark.parametrize(
    "response",
    [
        GatewayResponse(response_type="NO_SUCH_TYPE"),
        GatewayResponse(response_type="THROTTLED", status_code="abc"),
        GatewayResponse(response_type="THROTTLED", status_code="99"),
        GatewayResponse(response_type="THROTTLED", response_parameters={"x": "'y'"}),
        GatewayResponse(
            response_type="THROTTLED",
            response_parameters={"gatewayresponse.header.Content-Length": "'0'"},
        ),
        GatewayResponse(
            response_type="THROTTLED", response_parameters={"gatewayresponse.header.a": "bare"}
        ),
        GatewayResponse(
            response_type="THROTTLED",
            response_parameters={"gatewayresponse.header.a": "method.request.body"},
        ),
    ],
)
def test_bad_customisations_are_refused(response):
    with pytest.raises(InvalidConfiguration) as refused:
        render("THROTTLED", response)
    assert refused.value.path[0] == "x-amazon-apigateway-gateway-responses"


def test_facts_reach_the_template():
    own = GatewayResponse(
        response_type="ACCESS_DENIED",
        response_templates={"application/json": "$context.authorizer.claims['custom:role']"},
    )
    facts = Facts({})
    facts.claims = {"custom:role": "admin"}
    assert render("ACCESS_DENIED", own, facts=facts).body == b"admin"
