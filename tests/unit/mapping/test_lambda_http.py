import base64
import json
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bargate.access.arrival import Arrival, ClientCertificate
from bargate.access.call import Facts
from bargate.access.control import GuardedRoute
from bargate.access.identities import Identity
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.integrations import compile_http_integration
from bargate.mapping.plan import Response
from bargate.model.http_api import HttpApi, HttpIntegration, Route
from bargate.model.installation import Stage
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import ByRole, ByService, Errored, Invocation, Refused, Returned
from bargate.policy.principals import Anonymous
from bargate.secret import Secret
from building import PLACE, call

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:echo"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ROLE = "arn:aws:iam::123456789012:role/gateway"
SIGNER = Identity(
    secret=Secret("s"),
    account_id="111122223333",
    arn="arn:aws:iam::111122223333:user/ann",
    user_id="AIDA1",
    access_key_id="AKIA1",
    principal=Anonymous(),
    policies=(),
    boundary=None,
    session=None,
    context=MappingProxyType({}),
)


def plan(
    version="2.0", key="ANY /pets/{id}", stage="$default", variables=None, route=None, **fields
):
    integration = HttpIntegration(
        **{"type": "AWS_PROXY", "uri": FUNCTION, "payload_format_version": version, **fields}
    )
    made = Route(route_key=key, integration=integration, **(route or {}))
    api = HttpApi(id="httpapi", name="n", routes=(made,))
    place = Stage(name=stage, variables=variables or {})
    return compile_http_integration(GuardedRoute(PLACE, api, place, made, HttpKeyDirectory(fetch)))


def invoked(compiled, asked=None, facts=None) -> Invocation:
    invocation = compiled.request(asked or call(path="/pets/7"), facts or Facts({"id": "7"}))
    assert isinstance(invocation, Invocation), invocation
    return invocation


def event(compiled, asked=None, facts=None):
    return json.loads(invoked(compiled, asked, facts).payload)


def answer(payload, version="2.0", **fields):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    outcome = Returned(payload=raw, version="1")
    return plan(version, **fields).answered(call(), Facts({}), outcome)


def test_the_event_of_format_2_0():
    asked = call(
        "POST",
        path="/pets/a%20b",
        query="p=1&p=2&q=%C3%A9&r",
        headers={
            "Host": "api.test",
            "User-Agent": "curl/8",
            "Cookie": "a=1; b=2",
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": "2",
            "X-Up": "Value",
        },
        body=b"{}",
    )
    asked.headers += [(b"x-up", b"2"), (b"cookie", b"c=3")]
    compiled = plan(stage="dev", variables={"v": "1"})
    assert event(compiled, asked, Facts({"id": "a%20b"})) == {
        "version": "2.0",
        "routeKey": "ANY /pets/{id}",
        "rawPath": "/dev/pets/a%20b",
        "rawQueryString": "p=1&p=2&q=%C3%A9&r",
        "cookies": ["a=1", "b=2", "c=3"],
        "headers": {
            "host": "api.test",
            "user-agent": "curl/8",
            "content-type": "application/json; charset=utf-8",
            "content-length": "2",
            "x-up": "Value,2",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "80",
            "x-forwarded-proto": "http",
            "x-amzn-trace-id": "Root=1-6ab13b80-6b0a3c5e0000400080000000",
        },
        "queryStringParameters": {"p": "1,2", "q": "é", "r": ""},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "httpapi",
            "domainName": "httpapi.execute-api.us-east-1.localhost",
            "domainPrefix": "httpapi",
            "http": {
                "method": "POST",
                "path": "/dev/pets/a%20b",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8",
            },
            "requestId": "6b0a3c5e-0000-4000-8000-000000000001",
            "routeKey": "ANY /pets/{id}",
            "stage": "dev",
            "time": "21/Sep/2026:14:13:20 +0000",
            "timeEpoch": 1_790_000_000_000,
        },
        "body": "{}",
        "pathParameters": {"id": "a b"},
        "isBase64Encoded": False,
        "stageVariables": {"v": "1"},
    }


def test_format_2_0_leaves_out_what_there_is_none_of():
    told = event(plan(key="$default"), call(), Facts({}))
    assert set(told) == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext",
        "isBase64Encoded",
    }  # fmt: skip
    assert (told["rawPath"], told["rawQueryString"]) == ("/pets", "")
    assert not {"authorizer", "authentication"} & set(told["requestContext"])


def test_the_event_of_format_1_0():
    asked = call(path="/pets/7", query="a=1&a=2", headers={"Host": "api.test", "Cookie": "a=1"})
    told = event(plan("1.0"), asked)
    assert told["version"] == "1.0"
    assert (told["resource"], told["path"], told["httpMethod"]) == ("/pets/{id}", "/pets/7", "GET")
    assert told["headers"]["cookie"] == "a=1"
    assert told["multiValueHeaders"]["host"] == ["api.test"]
    assert told["queryStringParameters"] == {"a": "2"}
    assert told["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
    assert told["pathParameters"] == {"id": "7"}
    assert (told["stageVariables"], told["body"], told["isBase64Encoded"]) == (None, None, False)
    context = told["requestContext"]
    assert context["identity"]["sourceIp"] == "203.0.113.7"
    assert (context["resourcePath"], context["stage"]) == ("/pets/{id}", "$default")
    assert "authorizer" not in context


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [
        ("text/plain", True), ("text/csv; charset=utf-8", True), ("application/json", True),
        ("application/xml", True), ("application/javascript", True), ("APPLICATION/JSON", True),
        ("application/x-www-form-urlencoded", False), ("application/octet-stream", False),
        ("multipart/form-data; boundary=x", False), (None, False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_body_is_text_or_base64_by_its_type(version, kind, is_text):
    asked = call("POST", body=b"a=1", headers={"Content-Type": kind} if kind else {})
    told = event(plan(version), asked)
    assert told["isBase64Encoded"] is not is_text
    assert told["body"] == ("a=1" if is_text else "YT0x")


def test_who_was_let_in_is_told():
    claims = {"sub": "u", "groups": ["a", "b"], "exp": 17, "bad\ud800": "\udfff"}
    facts = Facts({"id": "7"}, claims=claims, scopes=("read", "write"), principal_id="u")
    told = {"sub": "u", "groups": "[a b]", "exp": "17", "bad?": "?"}
    jwt = {"authorization_type": "JWT"}
    scoped = {**jwt, "authorization_scopes": ("read",)}
    context = event(plan(route=scoped), facts=facts)["requestContext"]
    assert context["authorizer"] == {"jwt": {"claims": told, "scopes": ["read", "write"]}}
    context = event(plan(route=jwt), facts=facts)["requestContext"]
    assert context["authorizer"]["jwt"]["scopes"] is None
    context = event(plan("1.0", route=scoped), facts=facts)["requestContext"]
    assert context["authorizer"] == {"claims": told, "scopes": ["read", "write"]}
    assert "authorizer" not in event(plan(), facts=facts)["requestContext"]


def test_what_a_function_authorizer_said_is_told_with_its_types():
    context = {"n": 1, "list": [1, "a"], "map": {"x": None}}
    facts = Facts({"id": "7"}, authorizer_context=context, principal_id="me")
    custom = {"authorization_type": "CUSTOM"}
    told = event(plan(route=custom), facts=facts)["requestContext"]["authorizer"]
    assert told == {"lambda": context}
    told = event(plan("1.0", route=custom), facts=facts)["requestContext"]["authorizer"]
    assert told == {**context, "principalId": "me"}
    none = event(plan(route=custom), facts=Facts({"id": "7"}))["requestContext"]["authorizer"]
    assert none == {"lambda": None}


def test_who_signed_is_told():
    facts = Facts({"id": "7"}, identity=SIGNER)
    iam = {"authorization_type": "AWS_IAM"}
    told = event(plan(route=iam), facts=facts)["requestContext"]["authorizer"]
    assert told == {
        "iam": {
            "accessKey": "AKIA1",
            "accountId": "111122223333",
            "callerId": "AIDA1",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": "arn:aws:iam::111122223333:user/ann",
            "userId": "AIDA1",
        }
    }
    identity = event(plan("1.0", route=iam), facts=facts)["requestContext"]["identity"]
    assert (identity["caller"], identity["userArn"]) == ("AIDA1", SIGNER.arn)
    signed = call(headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x"})
    assert "authorization" not in event(plan(route=iam), signed, facts)["headers"]


def test_a_certificate_and_a_custom_domain_name_are_told():
    shown = ClientCertificate(
        pem="PEM", subject_dn="CN=a", issuer_dn="CN=b", serial_number="1", not_before="a",
        not_after="b",
    )  # fmt: skip
    asked = call(
        path="/pets/7",
        arrival=Arrival(client_certificate=shown),
        domain_name="api.example.com",
        base_path="v1",
    )
    asked.path = "/v1/pets/7"
    told = event(plan(), asked)
    certificate = told["requestContext"]["authentication"]["clientCert"]
    assert certificate["subjectDN"] == "CN=a"
    assert told["rawPath"] == "/pets/7"  # AWS [D]: without the mapping
    assert told["requestContext"]["domainName"] == "api.example.com"
    assert event(plan("1.0"), asked)["path"] == "/v1/pets/7"


def test_what_the_gateway_tells_cannot_be_said_by_the_client():
    sent = {
        "X-Forwarded-For": "10.0.0.1", "X_Forwarded_For": "10.0.0.2", "X-Forwarded-Proto": "https",
        "content_length": "9", "Transfer-Encoding": "chunked", "TE": "x", "X_Amzn_Trace_Id": "x",
    }  # fmt: skip
    told = event(plan(), call(headers=sent))
    assert told["headers"] == {
        "x-forwarded-for": "10.0.0.1, 203.0.113.7",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
        "x-amzn-trace-id": "Root=1-6ab13b80-6b0a3c5e0000400080000000",
    }
    assert told["requestContext"]["http"]["sourceIp"] == "203.0.113.7"


def test_parameter_mappings_change_what_is_told():
    compiled = plan(
        stage="dev",
        request_parameters={
            "append:header.x-who": "$context.authorizer.claims.sub",
            "remove:header.x-secret": "",
            "overwrite:querystring.q": "$request.header.x-q",
            "overwrite:path": "/other/$request.path.id".replace("$request.path.id", "${request.path.id}"),
        },
    )  # fmt: skip
    asked = call(path="/pets/7", query="q=1&r=2", headers={"X-Secret": "s", "X-Q": "a&b"})
    told = event(compiled, asked, Facts({"id": "7"}, claims={"sub": "me"}))
    assert told["headers"]["x-who"] == "me"
    assert "x-secret" not in told["headers"]
    assert told["queryStringParameters"] == {"q": "a&b", "r": "2"}
    assert told["rawPath"] == "/other/7"


def test_a_mapped_path_has_no_dot_segment():
    compiled = plan(request_parameters={"overwrite:path": "$request.header.p"})
    denial = compiled.request(call(headers={"p": "/../x"}), Facts({"id": "7"}))
    assert denial.reason == "integration.unsafe_path"


@given(st.text(max_size=40), st.binary(max_size=60), st.binary(max_size=60))
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_no_text_of_a_client_writes_members_of_the_event(version, query, value, body):
    asked = call("POST", query=query, body=body)
    asked.headers = [(b'X-"A', value), (b"Cookie", b'","isBase64Encoded":false,"x":"')]
    asked.header = {b'x-"a': value, b"cookie": b""}
    told = event(_ANY[version], asked, Facts({"id": query}))
    assert told["headers"]['x-"a'] == value.decode("latin-1")
    assert told["isBase64Encoded"] is bool(body)
    assert base64.b64decode(told.get("body") or "") == body


_ANY = {version: plan(version) for version in ("1.0", "2.0")}


@pytest.mark.parametrize("uri", [FUNCTION, URI, FUNCTION + ":live", FUNCTION + ":$LATEST"])
def test_who_invokes_what(uri):
    asked = invoked(plan(uri=uri))
    assert asked.function == (FUNCTION if uri == URI else uri)
    source = "arn:aws:execute-api:us-east-1:123456789012:httpapi/$default/GET/pets/{id}"
    assert asked.invoker == ByService(source_arn=source, source_account="123456789012")
    assert isinstance(invoked(plan(uri=uri, credentials=ROLE)).invoker, ByRole)
    default = invoked(plan(uri=uri, key="$default", stage="dev")).invoker.source_arn
    assert default.endswith(":httpapi/dev/$default")


@pytest.mark.parametrize(
    "uri", ["", "echo", FUNCTION + ":a:b", FUNCTION + "\n", FUNCTION.replace("echo", "{id}"),
            FUNCTION.replace("echo", "${request.header.fn}"), "http://b.test/"],
)  # fmt: skip
def test_no_uri_but_that_of_a_fixed_function_compiles(uri):
    with pytest.raises(InvalidConfiguration):
        plan(uri=uri)


def test_other_services_are_refused_at_every_call():
    compiled = plan(uri="", integration_subtype="SQS-SendMessage")
    denial = compiled.respond(call(), Facts({}))
    assert denial.reason == "integration.unsupported"
    assert "SQS-SendMessage" in denial.detail


JSON = (b"content-type", b"application/json")
TEXT = (b"content-type", b"text/plain; charset=utf-8")


@pytest.mark.parametrize(
    ("payload", "status", "headers", "body"),
    [
        ({}, 200, [JSON], b"{}"),
        ("justAString", 200, [JSON], b"justAString"),
        ("errorMessage", 200, [JSON], b"errorMessage"),
        ("", 200, [JSON], b""),
        (b"null", 200, [JSON], b"null"),
        ([1, 2], 200, [JSON], b"[1, 2]"),
        ({"headers": {"test-header": "value"}}, 200, [JSON], b'{"headers": {"test-header": "value"}}'),
        ({"random": {"json-body": "value"}}, 200, [JSON], b'{"random": {"json-body": "value"}}'),
        ({"statusCode": 200}, 200, [], b""),
        ({"statusCode": "201"}, 201, [], b""),
        ({"statusCode": 200, "wrongValue": "value"}, 200, [], b""),
        ({"statusCode": 200, "headers": {"a": "b", "header-bool": True}}, 200,
         [(b"a", b"b"), (b"header-bool", b"true")], b""),
        ({"statusCode": 200, "body": "hi"}, 200, [TEXT], b"hi"),
        ({"statusCode": 200, "body": "hi", "headers": {"Content-Type": "text/html"}}, 200,
         [(b"Content-Type", b"text/html")], b"hi"),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, [TEXT], b"hi"),
        ({"statusCode": 200, "cookies": ["a=1", "b=2; Path=/"]}, 200,
         [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2; Path=/")], b""),
        ({"statusCode": 200, "multiValueHeaders": {"a": ["b"]}}, 200, [], b""),
        ({"statusCode": 200, "errorMessage": "x"}, 200, [], b""),
    ],
)  # fmt: skip
def test_answers_of_format_2_0_as_recorded(payload, status, headers, body):
    response = answer(payload)
    assert isinstance(response, Response), response
    assert (response.status, response.headers, response.body) == (status, headers, body)


@pytest.mark.parametrize(
    ("payload", "status", "headers", "body"),
    [
        ({"statusCode": 200}, 200, [], b""),
        ({"statusCode": "201"}, 201, [], b""),
        ({"statusCode": 200, "wrongValue": "value"}, 200, [], b""),
        ({"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}}, 200,
         [(b"test-multi", b"value1"), (b"test-multi", b"value2")], b""),
        ({"statusCode": 200, "cookies": ["a=1"]}, 200, [], b""),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, [TEXT], b"hi"),
    ],
)  # fmt: skip
def test_answers_of_format_1_0_as_recorded(payload, status, headers, body):
    response = answer(payload, "1.0")
    assert isinstance(response, Response), response
    assert (response.status, response.headers, response.body) == (status, headers, body)


_BAD_EITHER_WAY = [
    {"statusCode": "test"}, {"statusCode": True}, {"statusCode": None}, {"statusCode": 99},
    {"statusCode": 1000}, {"statusCode": [200]}, {"statusCode": 10**40},
    {"statusCode": 200, "headers": {"a": "b\r\nx: y"}}, {"statusCode": 200, "headers": {"a b": "c"}},
    {"statusCode": 200, "headers": []}, {"statusCode": 200, "body": {}},
    {"statusCode": 200, "body": "no base64!", "isBase64Encoded": True},
    b"", b"{", b"\xff", b'"\xff"', b'{"statusCode": 200, "body": "\\ud800"}',
    b'{"statusCode": 200, "x": ' + b"[" * 200_000,
    b'{"statusCode": 200, "body": "' + b"a" * (20 * 1024 * 1024) + b'"}',
]  # fmt: skip


@pytest.mark.parametrize("payload", [
    *_BAD_EITHER_WAY, {"errorMessage": "test fake error message"},
    {"statusCode": 200, "cookies": {"test-cookies-invalid": "value1"}},
    {"statusCode": 200, "cookies": ["a=1\r\nx: y"]},
], ids=lambda payload: repr(payload)[:40])  # fmt: skip
def test_what_is_no_response_of_format_2_0(payload):
    _is_refused(answer(payload))


@pytest.mark.parametrize("payload", [
    *_BAD_EITHER_WAY, {}, "justAString", b"null", {"headers": {"test-header": "value"}},
    {"statusCode": 200, "multiValueHeaders": {"test-multi-invalid": "value1"}},
], ids=lambda payload: repr(payload)[:40])  # fmt: skip
def test_what_is_no_response_of_format_1_0(payload):
    _is_refused(answer(payload, "1.0"))


def _is_refused(denial):
    assert isinstance(denial, Denial), denial
    assert (denial.response_type, denial.reason, denial.status) == (
        "API_CONFIGURATION_ERROR", "integration.malformed_response", None,
    )  # fmt: skip


def test_framing_and_the_gateways_own_headers_are_never_the_functions():
    sent = {
        "Transfer-Encoding": "chunked", "Content-Length": "1", "Connection": "close",
        "Date": "now", "apigw-requestid": "forged", "Set-Cookie": "a=b",
    }  # fmt: skip
    response = answer({"statusCode": 200, "headers": sent})
    assert response.headers == [(b"Set-Cookie", b"a=b")]


def test_response_mappings_apply_to_the_functions_answer():
    answers = {"404": {"overwrite:statuscode": "403", "append:header.x-why": "$response.body.why"}}
    response = answer({"statusCode": 404, "body": '{"why": "no"}'}, response_parameters=answers)
    assert response.status == 403
    assert (b"x-why", b"no") in response.headers


def test_a_function_that_fails_or_is_not_run():
    compiled = plan()
    failed = compiled.answered(call(), Facts({}), Errored(payload=b"{}", version="1"))
    assert (failed.response_type, failed.status) == ("API_CONFIGURATION_ERROR", None)
    for reason, kind in {
        "denied": "API_CONFIGURATION_ERROR",
        "not_found": "API_CONFIGURATION_ERROR",
        "throttled": "API_CONFIGURATION_ERROR",
        "unavailable": "INTEGRATION_FAILURE",
        "timed_out": "INTEGRATION_TIMEOUT",
        "too_large": "REQUEST_TOO_LARGE",
    }.items():
        denial = compiled.answered(call(), Facts({}), Refused(reason=reason, message="x"))
        assert denial.response_type == kind
