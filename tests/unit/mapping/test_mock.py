import pytest

from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.mapping.integrations import compile_rest_integration
from bargate.mapping.mock import mocked_status
from bargate.mapping.plan import Response
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import Integration, IntegrationResponse, MethodResponse
from building import PLACE, STAGE, call, guarded, method, rest_api

CORS = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods")


def plan(template='{"statusCode": 200}', responses=None, **fields):
    default = IntegrationResponse(
        status_code="200",
        response_parameters={f"method.response.header.{name}": "'*'" for name in CORS},
    )
    integration = Integration(
        type="MOCK",
        request_templates={"application/json": template},
        responses=(default,) if responses is None else responses,
        **fields,
    )
    declared = MethodResponse(
        status_code="200",
        response_parameters={f"method.response.header.{name}": False for name in CORS},
    )
    made = method("OPTIONS", integration=integration, method_responses=(declared,))
    return compile_rest_integration(guarded(rest_api(("/", made))))


def test_a_preflight_of_a_rest_api():
    assert plan().respond(call("OPTIONS"), Facts({})) == Response(
        200,
        [*((name.encode(), b"*") for name in CORS), (b"Content-Type", b"application/json")],
        b"",
    )


def test_the_template_chooses_the_response():
    responses = (
        IntegrationResponse(status_code="200"),
        IntegrationResponse(
            status_code="418", selection_pattern="500",
            response_templates={"application/json": "tea for $context.identity.sourceIp"},
        ),
    )  # fmt: skip
    compiled = plan(
        '#if($input.params("tea") == "1"){"statusCode": 500}#else{"statusCode": 200}#end', responses
    )
    response = compiled.respond(call("OPTIONS", query="tea=1"), Facts({}))
    assert (response.status, response.body) == (418, b"tea for 203.0.113.7")
    assert compiled.respond(call("OPTIONS"), Facts({})).status == 200


@pytest.mark.parametrize("template", ["", "{}", "no", "[]", '{"statusCode": "x"}', "#nosuch()"])
def test_anything_else_is_a_500(template):
    denial = plan(template).respond(call("OPTIONS"), Facts({}))
    assert isinstance(denial, Denial)
    assert denial.response_type == "API_CONFIGURATION_ERROR"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"statusCode": 200}', 200), (b'{"statusCode":"404","a":1}', 404),
        (b"{statusCode:200}", 200), (b"{'statusCode': 201}", 201), (b'{"statusCode": true}', None),
        (b"{", None), (b"", None), (b"\xff", None), (b"[" * 5000, None),
    ],
)  # fmt: skip
def test_mocked_status(body, status):
    assert mocked_status(body) == status


def test_a_template_may_override_the_status():
    compiled = plan('#set($context.responseOverride.status = 204){"statusCode": 200}')
    assert compiled.respond(call("OPTIONS"), Facts({})).status == 204
    compiled = plan('#set($context.responseOverride.status = 9999){"statusCode": 200}')
    assert compiled.respond(call("OPTIONS"), Facts({})).status == 200


@pytest.mark.parametrize("kind", ["AWS", "AWS_PROXY"])
def test_integrations_of_other_services_are_refused_at_every_call(kind):
    uri = "arn:aws:apigateway:us-east-1:sqs:path/123456789012/queue"
    integration = Integration(type=kind, http_method="POST", uri=uri)
    compiled = compile_rest_integration(guarded(rest_api(("/", method(integration=integration)))))
    denial = compiled.respond(call(), Facts({}))
    assert (denial.response_type, denial.reason) == (
        "API_CONFIGURATION_ERROR", "integration.unsupported",
    )  # fmt: skip


def test_a_method_without_integration():
    api = rest_api(("/", method(integration=None)))
    resource = api.resources[0]
    made = GuardedMethod(PLACE, api, STAGE, resource, resource.methods[0], guarded(api).keys)
    with pytest.raises(InvalidConfiguration):
        compile_rest_integration(made)
