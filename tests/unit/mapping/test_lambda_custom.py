import json

import pytest

from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.integrations import compile_rest_integration
from bargate.mapping.plan import Response
from bargate.model.invocation import Errored, Invocation, Refused, Returned
from bargate.model.rest_api import Integration, IntegrationResponse, MethodResponse
from building import PLACE, STAGE, call, method, rest_api

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:echo"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
DEFAULT = IntegrationResponse(status_code="200")
TYPE = "integration.request.header.X-Amz-Invocation-Type"


def plan(*, declared=(), answers=(("200",),), binary=(), **fields):
    integration = Integration(
        **{"type": "AWS", "http_method": "POST", "uri": URI, "responses": (DEFAULT,), **fields}
    )
    responses = tuple(
        MethodResponse(status_code=status, response_parameters=dict.fromkeys(names, False))
        for status, *names in answers
    )
    made = method(
        "POST",
        integration=integration,
        request_parameters=dict.fromkeys(declared, False),
        method_responses=responses,
    )
    api = rest_api(("/pets/{id}", made), binary_media_types=binary)
    resource = api.resources[0]
    return compile_rest_integration(
        GuardedMethod(PLACE, api, STAGE, resource, resource.methods[0], HttpKeyDirectory(fetch))
    )


def invoked(compiled, asked=None, facts=None) -> Invocation:
    made = compiled.request(asked or call("POST"), facts or Facts({"id": "7"}))
    assert isinstance(made, Invocation), made
    return made


def answer(compiled, payload, *, failed=False, asked=None):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    outcome = Errored(payload=raw, version="1") if failed else Returned(payload=raw, version="1")
    return compiled.answered(asked or call("POST"), Facts({"id": "7"}), outcome)


def test_the_event_is_the_body_as_sent():
    asked = invoked(plan(), call("POST", body=b' {"a": 1}'))
    assert (asked.payload, asked.function, asked.is_event) == (b' {"a": 1}', FUNCTION, False)
    assert asked.invoker.source_arn.endswith(":petstore/prod/POST/pets/{id}")
    assert invoked(plan(), call("POST")).payload == b"{}"


def test_the_event_is_what_a_template_writes():
    template = (
        '{"id": "$input.params(\'id\')", "who": "$context.authorizer.claims.sub",'
        " \"body\": $input.json('$.a')}"
    )
    compiled = plan(request_templates={"application/json": template})
    facts = Facts({"id": "7"}, claims={"sub": "me"})
    asked = invoked(compiled, call("POST", body=b'{"a": [1]}'), facts)
    assert json.loads(asked.payload) == {"id": "7", "who": "me", "body": [1]}


def test_identity_and_context_reach_the_event():
    template = '{"p": "$context.authorizer.principalId", "t": "$context.authorizer.tier"}'
    compiled = plan(request_templates={"application/json": template})
    facts = Facts({"id": "7"}, principal_id="me", authorizer_context={"tier": "gold"})
    assert json.loads(invoked(compiled, facts=facts).payload) == {"p": "me", "t": "gold"}


@pytest.mark.parametrize(
    "body", [b"text", b"{", b'{"a": 1}x', b"\xff", b'"\xff"', b"[" * 100_000, b'{"a": NaN}']
)
def test_an_event_that_is_not_json_is_a_bad_request(body):
    denial = plan().request(call("POST", body=body), Facts({}))
    assert (denial.response_type, denial.message) == (
        "BAD_REQUEST_BODY", "Could not parse request body into json",
    )  # fmt: skip


def test_a_value_that_breaks_out_of_its_template_is_not_invoked_with_broken_json():
    compiled = plan(request_templates={"application/json": '{"q": "$input.params(\'q\')"}'})
    denial = compiled.request(call("POST", query='q=a"b'), Facts({}))
    assert isinstance(denial, Denial)


@pytest.mark.parametrize(
    ("passthrough", "kind", "templates", "refused"),
    [
        ("NEVER", "text/plain", {}, True),
        ("WHEN_NO_TEMPLATES", "text/plain", {"application/json": "{}"}, True),
        ("WHEN_NO_TEMPLATES", "text/plain", {}, False),
        ("WHEN_NO_MATCH", "text/plain", {"application/json": "{}"}, False),
    ],
)
def test_what_no_template_is_for_passes_or_not(passthrough, kind, templates, refused):
    compiled = plan(passthrough_behavior=passthrough, request_templates=templates)
    asked = call("POST", body=b"1", headers={"Content-Type": kind})
    made = compiled.request(asked, Facts({}))
    assert isinstance(made, Denial) is refused
    if refused:
        assert made.response_type == "UNSUPPORTED_MEDIA_TYPE"


def test_a_header_makes_the_invocation_an_event_with_an_empty_answer():
    compiled = plan(request_parameters={TYPE: "'Event'"})
    assert invoked(compiled).is_event
    response = answer(compiled, b"")
    assert (response.status, response.body) == (200, b"")
    assert not invoked(plan(request_parameters={TYPE: "'RequestResponse'"})).is_event


def test_a_client_may_choose_the_invocation_type_where_that_is_mapped():
    declared = "method.request.header.Mode"
    compiled = plan(declared=(declared,), request_parameters={TYPE: declared})
    assert invoked(compiled, call("POST", headers={"Mode": "Event"})).is_event
    assert not invoked(compiled, call("POST", headers={"Mode": "event"})).is_event
    assert not invoked(compiled).is_event
    assert not invoked(plan(), call("POST", headers={"X-Amz-Invocation-Type": "Event"})).is_event


def test_an_event_is_no_longer_than_a_function_takes():
    long = call("POST", body=b'"' + b"a" * 2_000_000 + b'"')
    assert isinstance(plan().request(long, Facts({})), Invocation)
    queued = plan(request_parameters={TYPE: "'Event'"}).request(long, Facts({}))
    assert queued.response_type == "REQUEST_TOO_LARGE"
    longer = call("POST", body=b'"' + b"a" * 7_000_000 + b'"')
    assert plan().request(longer, Facts({})).response_type == "REQUEST_TOO_LARGE"


RESPONSES = (
    DEFAULT,
    IntegrationResponse(status_code="400", selection_pattern="Error: .*400.*"),
    IntegrationResponse(
        status_code="404",
        selection_pattern=r"\[NotFound\].*",
        response_templates={"application/json": '{"why": "$input.path(\'$.errorMessage\')"}'},
    ),
)
ANSWERS = (("200",), ("400",), ("404",))


def test_the_error_message_chooses_the_response():
    compiled = plan(responses=RESPONSES, answers=ANSWERS)
    error = {"errorMessage": "Error: Raising 400 from within", "errorType": "Exception"}
    response = answer(compiled, error, failed=True)
    assert (response.status, json.loads(response.body)) == (400, error)
    response = answer(compiled, {"errorMessage": "[NotFound] no pet"}, failed=True)
    assert (response.status, response.body) == (404, b'{"why": "[NotFound] no pet"}')


@pytest.mark.parametrize("payload", [{"errorMessage": "else"}, {}, [], b"garbage", b"\xff", b""])
def test_a_failure_that_nothing_matches_is_answered_by_the_default(payload):
    assert answer(plan(responses=RESPONSES, answers=ANSWERS), payload, failed=True).status == 200


def test_no_pattern_is_matched_for_a_function_that_succeeded():
    anything = IntegrationResponse(status_code="500", selection_pattern=".*")
    compiled = plan(responses=(anything, DEFAULT), answers=(("200",), ("500",)))
    assert answer(compiled, {"errorMessage": "Error: 400"}).status == 200
    denial = answer(plan(responses=(anything,), answers=(("500",),)), {"a": 1})
    assert (denial.response_type, denial.reason) == (
        "API_CONFIGURATION_ERROR", "integration.no_response",
    )  # fmt: skip


def test_payloads_are_mapped_by_template_and_parameters():
    mapped = IntegrationResponse(
        status_code="200",
        response_parameters={"method.response.header.X-Id": "integration.response.body.id"},
        response_templates={"application/json": "{\"n\": $input.json('$.id')}"},
    )
    compiled = plan(responses=(mapped,), answers=(("200", "method.response.header.X-Id"),))
    response = answer(compiled, {"id": 7})
    assert isinstance(response, Response)
    assert response.body == b'{"n": 7}'
    assert (b"X-Id", b"7") in response.headers
    split = answer(compiled, {"id": "a\r\nSet-Cookie: b"})
    assert b"\r" not in dict(split.headers)[b"X-Id"]


def test_base64_in_quotes_becomes_bytes():
    binary = IntegrationResponse(status_code="200", content_handling="CONVERT_TO_BINARY")
    assert answer(plan(responses=(binary,)), "iVBORw==").body == b"\x89PNG"
    asked = call("POST", headers={"Accept": "image/png"})
    assert answer(plan(binary=("image/png",)), "iVBORw==", asked=asked).body == b"\x89PNG"
    denial = answer(plan(responses=(binary,)), "no base64!")
    assert isinstance(denial, Denial)
    assert answer(plan(), "text").body == b'"text"'


def test_a_function_that_is_not_run_or_says_too_much():
    denial = plan().answered(call(), Facts({}), Refused(reason="denied", message="no"))
    assert (denial.response_type, denial.status) == ("API_CONFIGURATION_ERROR", 500)
    assert answer(plan(), b'"' + b"a" * 20_000_000 + b'"').status == 502
