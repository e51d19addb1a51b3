"""Good documents: what they become, which kind is chosen, what is warned about; and size."""

import json
import time

import pytest

from bargate.model.http_api import HttpApi
from bargate.model.rest_api import RestApi
from bargate.openapi import InvalidDocument, read_document
from bargate.openapi.source import value_of
from unit.openapi.documents import HTTP, REST, http, imported, rest, spoiled

BACKEND = "{type: http_proxy, httpMethod: GET, uri: 'http://h/'}"
OPERATION = f"{{responses: {{}}, x-amazon-apigateway-integration: {BACKEND}}}"


def minimal(root: str = "", path: str = "/a", operation: str = OPERATION) -> str:
    return f"openapi: 3.0.1\ninfo: {{title: t}}\n{root}\npaths:\n  {path}:\n    get: {operation}\n"


def test_a_rest_api_is_read_whole():
    api = rest()
    assert (api.id, api.name, api.version) == ("abc", "Petstore", "1.0")
    assert [resource.path for resource in api.resources] == ["/pets", "/open/{proxy+}"]
    listing, adding = api.resources[0].methods
    assert listing.request_parameters == {"method.request.querystring.limit": True}
    assert listing.operation_name == "listPets"
    assert listing.request_validator_id == api.request_validators[0].id
    assert listing.integration.responses[0].selection_pattern is None
    assert adding.request_models == {"application/json": "Pet"}
    assert adding.integration.uri == "https://example.com/pets"
    anything = api.resources[1].methods[0]
    assert (anything.http_method, anything.integration.timeout_ms) == ("ANY", 3000)
    assert api.gateway_responses[0].status_code == "401"
    assert api.binary_media_types == ("image/png",)


def test_short_forms_of_the_policy_become_whole_arns():
    # AWS [R] apigw-evaluation §2
    statement = json.loads(rest().policy)["Statement"][0]
    arn = "arn:aws:execute-api:us-east-1:000000000000:abc/"
    assert statement["Resource"] == [arn + "*", arn + "prod/GET/pets"]


def test_other_members_of_the_policy_stay_as_they_are():
    policy = {"Statement": {"Effect": "Deny", "NotResource": "execute-api:/a/*", "Resource": 5,
              "Action": "execute-api:/x", "Condition": {"NumericEquals": {"k": [1, 1.5, True]}}}}  # fmt: skip
    text = minimal(f"x-amazon-apigateway-policy: {json.dumps(policy)}")
    found = json.loads(imported(text).api.policy)["Statement"]
    assert found["NotResource"] == "arn:aws:execute-api:us-east-1:000000000000:abc/a/*"
    assert found["Condition"] == policy["Statement"]["Condition"]
    assert (found["Action"], found["Resource"]) == ("execute-api:/x", 5)


def test_statements_of_the_policy_can_be_located():
    document = read_document(REST, file_name="a")
    path = ("x-amazon-apigateway-policy", "Statement", "0", "Resource", "1")
    assert REST.splitlines()[document.locate(path).line - 1].lstrip().startswith("Resource")


def test_the_same_document_as_json_is_the_same_api():
    document = value_of(read_document(REST, file_name="a").root)
    document["info"]["version"] = "1.0"
    assert imported(json.dumps(document, indent=1), file_name="a.json").api == rest()


def test_an_http_api_is_read_whole():
    api = http()
    route = api.routes[0]
    assert route.integration.response_parameters == {"500": {"overwrite:statuscode": "502"}}
    assert route.integration.request_parameters == {"append:header.x-b": "$context.requestId"}
    assert api.routes[1].integration.http_method == "ANY"
    assert api.cors.allow_methods == ("GET", "POST")
    assert (api.cors.max_age_s, api.cors.allow_credentials) == (60, True)
    assert api.authorizers[0].audience == ("app",)


@pytest.mark.parametrize(
    ("root", "kind"),
    [
        ("", RestApi),
        ("x-amazon-apigateway-cors: {allowOrigins: ['*']}", HttpApi),
        ("x-amazon-apigateway-policy: {Statement: []}", RestApi),
        ("x-other: {x-amazing: 1}", RestApi),
    ],
)
def test_the_kind_is_chosen_by_the_extensions(root: str, kind: type):
    assert isinstance(imported(minimal(root)).api, kind)


def test_the_kind_is_chosen_by_what_is_inside():
    assert isinstance(imported(REST).api, RestApi)
    assert isinstance(imported(HTTP).api, HttpApi)
    lambda_v2 = "{type: aws_proxy, uri: 'arn:aws:lambda:f', payloadFormatVersion: '2.0'}"
    text = minimal(operation=f"{{x-amazon-apigateway-integration: {lambda_v2}}}")
    assert isinstance(imported(text).api, HttpApi)
    text = f"{minimal()}  /$default:\n    x-amazon-apigateway-any-method: {OPERATION}\n"
    assert isinstance(imported(text).api, HttpApi)


def test_a_kind_that_is_asked_for_wins():
    assert isinstance(imported(minimal(), "HTTP").api, HttpApi)
    assert isinstance(imported(minimal(), "REST").api, RestApi)


def test_contradicting_hints_name_both_lines_and_the_option():
    text = spoiled(HTTP, "paths:\n", "x-amazon-apigateway-policy: {Statement: []}\npaths:\n")
    with pytest.raises(InvalidDocument) as refused:
        imported(text)
    lines = text.splitlines()
    message = str(refused.value)
    policy = lines.index("x-amazon-apigateway-policy: {Statement: []}") + 1
    assert f"api.yaml:{policy}:1:" in message
    assert f"(line {policy})" in message
    assert f"(line {lines.index('x-amazon-apigateway-cors:') + 1})" in message
    assert "--http-api" in message


@pytest.mark.parametrize(
    ("root", "message"),
    [
        ("servers: [{url: 'https://h/v1'}]", "the path /v1"),
        ("servers: [{url: 'https://h/{basePath}', variables: {basePath: {default: /prod}}}]",
         "/prod"),
        ("x-amazon-apigateway-minimum-compression-size: 5", "not read"),
        ("x-amazon-apigateway-security-policy: TLS_1_0", "not read"),
        ("x-amazon-apigateway-endpoint-access-mode: BASIC", "not read"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_said(root: str, message: str):
    findings = imported(minimal(root)).findings
    assert any(message in str(finding) and finding.severity == "warning" for finding in findings)


@pytest.mark.parametrize(
    "root",
    [
        "servers: [{url: /}]",
        "servers: [{url: 'https://h/'}]",
        "x-amazon-apigateway-documentation: {version: 1, documentationParts: []}",
        "x-amazon-apigateway-importexport-version: '1.0'",
        "tags: [{name: a, x-amazon-apigateway-tag-value: b}]",
        "x-amazon-apigateway-endpoint-configuration: {types: [EDGE]}",
        "x-logo: {x-deep: [1]}",
        "x-tyk-api-gateway: {x: 1}",
    ],
)
def test_what_means_nothing_here_is_passed_over(root: str):
    assert imported(minimal(root)).findings == ()


@pytest.mark.parametrize("kind", ["REST", "HTTP"])
def test_the_api_own_host_name_can_be_off(kind):
    setting = "x-amazon-apigateway-endpoint-configuration: {disableExecuteApiEndpoint: true}"
    assert imported(minimal(setting), kind).api.disable_execute_api_endpoint
    server = f"servers: [{{url: /, {setting}}}]"
    assert imported(minimal(server), kind).api.disable_execute_api_endpoint


@pytest.mark.parametrize(
    ("integration", "message"),
    [
        (("{type: aws, httpMethod: POST, "
         "uri: 'arn:aws:apigateway:us-east-1:sqs:path/1/q'}"), "refused with 500"),
        (("{type: aws_proxy, httpMethod: GET, "
         "uri: 'arn:aws:apigateway:us-east-1:lambda:path/x'}"), "by POST, not GET"),
        (("{type: aws_proxy, httpMethod: POST, credentials: 'arn:aws:iam::*:user/*', "
         "uri: 'arn:aws:apigateway:us-east-1:lambda:path/x'}"), "caller's credentials"),
        (("{type: http, httpMethod: GET, uri: 'http://h', connectionType: VPC_LINK, "
         "connectionId: v}"), "called directly"),
        ("{type: mock, cacheNamespace: x, cacheKeyParameters: [a]}", "not cached"),
    ],
)  # fmt: skip
def test_integrations_that_behave_otherwise_are_warned_about(integration: str, message: str):
    operation = f"{{responses: {{}}, x-amazon-apigateway-integration: {integration}}}"
    findings = imported(minimal(operation=operation)).findings
    assert any(message in str(finding) for finding in findings)


SWAGGER = """\
swagger: "2.0"
info: {title: Old, version: "1"}
basePath: /v1
consumes: [application/json, application/xml]
securityDefinitions:
  key: {type: apiKey, name: x-api-key, in: header}
security: [{key: []}]
paths:
  /pets/{id}/:
    parameters:
      - {name: id, in: path, type: string}
      - {name: h, in: header, type: string}
    put:
      parameters:
        - {name: h, in: header, type: string, required: true}
        - {name: body, in: body, schema: {$ref: '#/definitions/Pet'}}
      responses: {"200": {description: ok, schema: {$ref: '#/definitions/Pet'}}, default: {}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {application/json: '{"statusCode": 200}'}
        responses: {'2\\d{2}': {statusCode: 200}}
definitions:
  Pet: {type: object, properties: {n: {type: number, minimum: 1, exclusiveMinimum: true}}}
"""


def test_swagger_2():
    found = imported(SWAGGER)
    (resource,) = found.api.resources
    (method,) = resource.methods
    assert resource.path == "/pets/{id}"
    assert method.request_parameters == {
        "method.request.path.id": True,
        "method.request.header.h": True,
    }
    assert method.request_models == {"application/json": "Pet", "application/xml": "Pet"}
    assert method.method_responses[0].response_models == {"application/json": "Pet"}
    assert method.integration.responses[0].selection_pattern == r"2\d{2}"
    assert method.api_key_required
    assert any("basePath" in str(finding) for finding in found.findings)


def test_all_errors_are_found_in_one_reading_and_at_most_fifty():
    with pytest.raises(InvalidDocument) as refused:
        imported(minimal("nope: 1\nx-amazon-apigateway-polcy: 1\nservers: 5", operation="5"))
    assert len(refused.value.findings) == 4
    many = "".join(f"  p{n}: {{}}\n" for n in range(1000))
    with pytest.raises(InvalidDocument) as refused:
        imported(minimal() + many)
    assert len(refused.value.findings) == 50


def test_nothing_is_read_from_within_other_extensions():
    text = minimal(f"x-shared: {{get: {OPERATION}}}") + "  /b: {$ref: '#/x-shared'}\n"
    with pytest.raises(InvalidDocument, match="leads into an extension"):
        imported(text)


def test_findings_never_print_control_characters():
    with pytest.raises(InvalidDocument) as refused:
        imported(minimal('"bad\\e[31m\\n\\u202e": 1'))
    assert str(refused.value).isprintable()


def large_document(paths: int) -> str:
    head, tail = REST.split("paths:\n")[0], REST.split("components:\n")[1]
    lines = (
        (
            f"  /things{n}/{{id}}:\n"
            "    get:\n"
            f"      operationId: get{n}\n"
            "      summary: One of the many things that can be fetched\n"
            "      parameters:\n"
            "        - {name: id, in: path, required: true, schema: {type: string}}\n"
            "        - {name: limit, in: query, schema: {type: integer}}\n"
            "      requestBody:\n"
            "        content:\n"
            "          application/json: {schema: {$ref: '#/components/schemas/Pet'}}\n"
            "      responses:\n"
            "        200: {description: ok}\n"
            "        404: {description: missing}\n"
            "      x-amazon-apigateway-integration:\n"
            "        type: http_proxy\n"
            "        httpMethod: GET\n"
            f"        uri: http://127.0.0.1:9000/things{n}/{{id}}\n"
            "        requestParameters:\n"
            "          integration.request.path.id: method.request.path.id\n"
        )
        for n in range(paths)
    )
    return f"{head}paths:\n{''.join(lines)}components:\n{tail}"


def test_a_thousand_paths_are_read_in_three_seconds():
    text = large_document(1000)
    started = time.process_time()
    api = imported(text).api
    assert time.process_time() - started < 3
    assert len(api.resources) == 1000
