import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bargate.access.arrival import Arrival, ClientCertificate
from bargate.access.call import Facts
from bargate.access.control import GuardedMethod
from bargate.access.repeated_headers import RepeatedHeaders
from bargate.access.verdict import Denial
from bargate.gateway.fetch import fetch
from bargate.gateway.key_directory import HttpKeyDirectory
from bargate.mapping.integrations import compile_rest_integration
from bargate.mapping.lambda_response import MAX_HEADERS
from bargate.mapping.plan import Response
from bargate.model.invalid import InvalidConfiguration
from bargate.model.invocation import ByRole, ByService, Errored, Invocation, Refused, Returned
from bargate.model.rest_api import Integration
from building import PLACE, STAGE, call, method, rest_api

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:echo"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
ROLE = "arn:aws:iam::123456789012:role/gateway"


def guarded(path="/pets/{id}", verb="GET", variables=None, api=None, method_fields=None, **fields):
    integration = Integration(**{"type": "AWS_PROXY", "http_method": "POST", "uri": URI, **fields})
    made = rest_api(
        (path, method(verb, integration=integration, **(method_fields or {}))), **(api or {})
    )
    stage = structs.replace(STAGE, variables=variables or {})
    resource = made.resources[0]
    return GuardedMethod(PLACE, made, stage, resource, resource.methods[0], HttpKeyDirectory(fetch))


def plan(*args, **fields):
    return compile_rest_integration(guarded(*args, **fields))


def invoked(compiled, asked=None, facts=None) -> Invocation:
    invocation = compiled.request(asked or call(path="/pets/7"), facts or Facts({"id": "7"}))
    assert isinstance(invocation, Invocation), invocation
    return invocation


def event(compiled, asked=None, facts=None):
    return json.loads(invoked(compiled, asked, facts).payload)


def answer(payload, asked=None, compiled=None):
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    outcome = Returned(payload=raw, version="1")
    return (compiled or plan()).answered(asked or call(), Facts({}), outcome)


def headers(response: Response) -> list[tuple[bytes, bytes]]:
    return [pair for pair in response.headers if pair[0] != b"X-Amzn-Trace-Id"]


def malformed(payload, **more) -> Denial:
    denial = answer(payload, **more)
    assert isinstance(denial, Denial), denial
    assert (denial.response_type, denial.reason, denial.status) == (
        "API_CONFIGURATION_ERROR", "integration.malformed_response", 502,
    )  # fmt: skip
    return denial


def test_the_event_is_as_recorded():
    asked = call(
        path="/pets/7%2B",
        query="a=1&a=2&b",
        headers={
            "Host": "api.test:8080",
            "User-Agent": "curl/8",
            "tEsT-HEADeR": "aValUE",
            "Authorization": "random-value",
        },
    )
    shown = {
        "Host": "api.test:8080",
        "User-Agent": "curl/8",
        "tEsT-HEADeR": "aValUE",
        "Authorization": "random-value",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "8080",
        "X-Forwarded-Proto": "http",
        "X-Amzn-Trace-Id": "Root=1-6ab13b80-6b0a3c5e0000400080000000",
    }
    assert event(plan(), asked, Facts({"id": "7%2B"})) == {
        "resource": "/pets/{id}",
        "path": "/pets/7%2B",
        "httpMethod": "GET",
        "headers": shown,
        "multiValueHeaders": {name: [value] for name, value in shown.items()},
        "queryStringParameters": {"a": "2", "b": ""},
        "multiValueQueryStringParameters": {"a": ["1", "2"], "b": [""]},
        "pathParameters": {"id": "7%2B"},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "petstore",
            "domainName": "petstore.execute-api.us-east-1.localhost",
            "domainPrefix": "petstore",
            "extendedRequestId": "abcdefghijklmno=",
            "httpMethod": "GET",
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": "203.0.113.7",
                "user": None,
                "userAgent": "curl/8",
                "userArn": None,
            },
            "path": "/prod/pets/7%2B",
            "protocol": "HTTP/1.1",
            "requestId": "6b0a3c5e-0000-4000-8000-000000000001",
            "requestTime": "21/Sep/2026:14:13:20 +0000",
            "requestTimeEpoch": 1_790_000_000_000,
            "resourceId": "r0",
            "resourcePath": "/pets/{id}",
            "stage": "prod",
        },
        "body": None,
        "isBase64Encoded": False,
    }


def test_nothing_is_null_where_nothing_was_sent():
    told = event(plan("/pets"), call(headers={}), Facts({}))
    assert told["queryStringParameters"] is None
    assert told["multiValueQueryStringParameters"] is None
    assert told["pathParameters"] is None
    assert told["requestContext"]["identity"]["userAgent"] is None
    assert "authorizer" not in told["requestContext"]


def test_single_values_are_the_last_and_names_are_one_whatever_their_case():
    asked = call()
    asked.headers = [(b"X-A", b"1"), (b"x-a", b"2"), (b"X-A", b"3"), (b"B", b"4")]
    asked.header = {b"x-a": b"1, 2, 3", b"b": b"4"}
    told = event(plan("/pets"), asked, Facts({}))
    assert (told["headers"]["X-A"], told["headers"]["B"]) == ("3", "4")
    assert told["multiValueHeaders"]["X-A"] == ["1", "2", "3"]
    assert "x-a" not in told["headers"]


def test_repeated_heads_give_the_same_event_and_are_not_changed():
    first = call(headers={"Host": "api.test", "X-A": "1", "X-Forwarded-For": "198.51.100.9"})
    wanted = event(plan("/pets"), first, Facts({}))
    first.headers = RepeatedHeaders(first.headers)
    for _ in range(3):
        assert event(plan("/pets"), first, Facts({})) == wanted
    other = structs.replace(first, source_ip="192.0.2.1")
    told = event(plan("/pets"), other, Facts({}))
    assert told["headers"]["X-Forwarded-For"] == "198.51.100.9, 192.0.2.1"


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards", "Server", "TE",
        "Proxy-Authenticate", "Transfer-Encoding", "Trailer", "Upgrade", "WWW-Authenticate",
        "Transfer_Encoding", "X-Amzn-Apigateway-Api-Id",
    ],
)  # fmt: skip
def test_headers_that_never_pass(name):
    told = event(plan("/pets"), call(headers={name: "x"}), Facts({}))
    assert name not in told["headers"]
    assert name not in told["multiValueHeaders"]


def test_what_the_gateway_tells_cannot_be_said_by_the_client():
    sent = {
        "X-Forwarded-For": "10.0.0.1",
        "X_Forwarded_For": "10.0.0.2",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
        "x_amzn_trace_id": "Root=1-00000000-evil",
    }
    told = event(plan("/pets"), call(headers=sent), Facts({}))
    assert told["headers"]["X-Forwarded-For"] == "10.0.0.1, 203.0.113.7"
    assert told["headers"]["X-Forwarded-Proto"] == "http"
    assert told["headers"]["X-Forwarded-Port"] == "80"
    assert told["requestContext"]["identity"]["sourceIp"] == "203.0.113.7"
    assert {name.lower() for name in told["headers"]} == {
        "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id",
    }  # fmt: skip


def test_a_signature_does_not_go_on_and_another_authorization_does():
    signed = call(headers={"Authorization": "AWS4-HMAC-SHA256 Credential=…".replace("…", "x")})
    assert "Authorization" not in event(plan("/pets"), signed, Facts({}))["headers"]
    plain = call(headers={"Authorization": "Bearer x"})
    assert event(plan("/pets"), plain, Facts({}))["headers"]["Authorization"] == "Bearer x"


def test_bodies_are_text_or_base64_by_their_media_type():
    compiled = plan(verb="POST", api={"binary_media_types": ("image/*",)})
    text = event(compiled, call("POST", body=b'{"a": 1}', headers={"Content-Type": "text/plain"}))
    assert (text["body"], text["isBase64Encoded"]) == ('{"a": 1}', False)
    picture = event(compiled, call("POST", body=b"\x89PNG", headers={"Content-Type": "image/png"}))
    assert (picture["body"], picture["isBase64Encoded"]) == ("iVBORw==", True)
    broken = event(compiled, call("POST", body=b"\xff\x00a"))
    assert (broken["body"], broken["isBase64Encoded"]) == ("\ufffd\x00a", False)


def test_claims_of_a_user_pool_reach_the_function_as_texts():
    compiled = plan(method_fields={"authorization_type": "COGNITO_USER_POOLS"})
    claims = {"sub": "u", "groups": ["a", "b"], "exp": 17, "ok": True, "bad": "\ud800"}
    told = event(compiled, facts=Facts({"id": "7"}, claims=claims, principal_id="u"))
    assert told["requestContext"]["authorizer"] == {
        "claims": {"sub": "u", "groups": "a,b", "exp": "17", "ok": "true", "bad": "?"}
    }


def test_what_a_function_authorizer_said_reaches_the_function():
    compiled = plan(method_fields={"authorization_type": "CUSTOM"})
    facts = Facts({"id": "7"}, principal_id="me", authorizer_context={"tier": "gold"})
    told = event(compiled, facts=facts)
    assert told["requestContext"]["authorizer"] == {"principalId": "me", "tier": "gold"}


def test_no_authorizer_is_told_where_none_is_configured():
    facts = Facts({"id": "7"}, principal_id="me", claims={"sub": "u"})
    assert "authorizer" not in event(plan(), facts=facts)["requestContext"]


def test_keys_certificates_and_endpoints_are_told_where_they_are():
    shown = ClientCertificate(
        pem="PEM",
        subject_dn="CN=a",
        issuer_dn="CN=b",
        serial_number="1",
        not_before="May 1",
        not_after="May 2",
    )
    arrival = Arrival(client_certificate=shown, vpc_id="vpc-1", vpc_endpoint_id="vpce-1")
    asked = call(headers={"x-api-key": "k" * 20}, arrival=arrival)
    identity = event(plan("/pets"), asked, Facts({}, api_key_id="id1"))["requestContext"][
        "identity"
    ]
    assert (identity["apiKey"], identity["apiKeyId"]) == ("k" * 20, "id1")
    assert (identity["vpcId"], identity["vpceId"]) == ("vpc-1", "vpce-1")
    assert identity["clientCert"] == {
        "clientCertPem": "PEM",
        "subjectDN": "CN=a",
        "issuerDN": "CN=b",
        "serialNumber": "1",
        "validity": {"notBefore": "May 1", "notAfter": "May 2"},
    }
    ours = event(plan("/pets"), asked, Facts({}, api_key_id="id1", usage_identifier_key="given"))
    assert ours["requestContext"]["identity"]["apiKey"] == "given"
    none = event(plan("/pets"), call(headers={"x-api-key": "k"}), Facts({}))
    assert "apiKey" not in none["requestContext"]["identity"]


def test_a_custom_domain_name_is_told_with_its_base_path():
    asked = call(path="/pets/7", domain_name="api.example.com", base_path="v1")
    told = event(plan(), structs.replace(asked, path="/v1/pets/7"))
    assert told["path"] == told["requestContext"]["path"] == "/v1/pets/7"
    assert told["requestContext"]["domainName"] == "api.example.com"
    assert told["requestContext"]["domainPrefix"] == "api"


@given(
    st.text(max_size=40),
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_no_text_of_a_client_writes_members_of_the_event(query, value, body, path):
    asked = call("POST", path=f"/pets/{path}", query=query, body=body)
    asked.headers = [(b'X-"A', value), (b"X-B", b'","isBase64Encoded":true,"x":"')]
    asked.header = {b'x-"a': value, b"x-b": b""}
    told = event(_ANY, asked, Facts({"id": path}))
    assert list(told) == [
        "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext",
        "body", "isBase64Encoded",
    ]  # fmt: skip
    assert told["headers"]['X-"A'] == value.decode("latin-1")
    assert told["isBase64Encoded"] is False


_ANY = plan(verb="ANY")


def test_who_invokes_is_the_method_or_a_role():
    source = "arn:aws:execute-api:us-east-1:123456789012:petstore/prod/GET/pets/{id}"
    asked = invoked(plan())
    assert asked.invoker == ByService(source_arn=source, source_account="123456789012")
    assert (asked.function, asked.timeout_s, asked.is_event) == (FUNCTION, 29.0, False)
    as_role = invoked(plan(credentials=ROLE, timeout_ms=5_000))
    assert as_role.invoker == ByRole(
        role_arn=ROLE, source_arn=source, source_account="123456789012"
    )
    assert as_role.timeout_s == 5.0


def test_the_source_of_an_any_method_has_the_verb_of_the_call():
    compiled = plan(verb="ANY")
    for verb in ("GET", "DELETE"):
        arn = invoked(compiled, call(verb, path="/pets/7")).invoker.source_arn
        assert arn.endswith(f":petstore/prod/{verb}/pets/{{id}}")


def test_stage_variables_choose_function_and_role():
    uri = URI.replace("function:echo", "function:${stageVariables.fn}:$LATEST")
    variables = {"fn": "other", "role": ROLE, "shown": "1"}
    asked = invoked(plan(uri=uri, variables=variables, credentials="${stageVariables.role}"))
    assert asked.function.endswith(":function:other:$LATEST")
    assert asked.invoker.role_arn == ROLE
    assert json.loads(asked.payload)["stageVariables"] == variables


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/",
        "arn:aws:lambda:us-east-1:123456789012:function:echo",
        URI.replace(FUNCTION, "echo"),
        URI.replace("function:echo", "function:${stageVariables.none}"),
        URI.replace("function:echo", "function:{id}"),
        URI.replace("function:echo", "function:${method.request.header.fn}"),
        URI.replace("function:echo", "function:a/invocations/../b"),
        URI.replace("function:echo", "function:a\n"),
        URI + "\n",
        URI.replace("/2015-03-31", "/1999-01-01"),
    ],
)
def test_no_uri_but_that_of_a_fixed_function_compiles(uri):
    with pytest.raises(InvalidConfiguration):
        plan(uri=uri)


@pytest.mark.parametrize("role", ["admin", "arn:aws:iam::123456789012:user/me", ROLE + "\n"])
def test_credentials_are_those_of_a_role(role):
    with pytest.raises(InvalidConfiguration):
        plan(credentials=role)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"http_method": "GET"}, "integration.not_post"),
        ({"credentials": "arn:aws:iam::*:user/*"}, "integration.caller_credentials"),
        ({"uri": "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"}, "integration.unsupported"),
        ({"uri": URI.replace("/invocations", "/response-streaming-invocations")},
         "integration.unsupported"),
    ],
)  # fmt: skip
def test_what_cannot_be_invoked_is_refused_with_a_reason_at_every_call(fields, reason):
    denial = plan(**fields).respond(call(), Facts({}))
    assert (denial.response_type, denial.reason) == ("API_CONFIGURATION_ERROR", reason)


def test_an_event_is_no_longer_than_a_function_takes():
    compiled = plan(verb="POST")
    for size in (7 * 1024 * 1024, 6 * 1024 * 1024 - 100):
        denial = compiled.request(call("POST", body=b"a" * size), Facts({}))
        assert (denial.response_type, denial.status) == ("REQUEST_TOO_LARGE", 413)
    assert isinstance(compiled.request(call("POST", body=b"a" * 1000), Facts({})), Invocation)


@pytest.mark.parametrize(
    ("payload", "status", "pairs", "body"),
    [
        ({"statusCode": 200}, 200, [], b""),
        ({}, 200, [], b""),
        ({"statusCode": "201", "body": "é"}, 201, [], "é".encode()),
        ({"headers": {"test-header": "value", "header-bool": True}}, 200,
         [(b"test-header", b"value"), (b"header-bool", b"true")], b""),
        ({"statusCode": 200, "headers": None, "multiValueHeaders": None, "body": None}, 200, [], b""),
        ({"headers": {"a": 1, "b": 2.5}}, 200, [(b"a", b"1"), (b"b", b"2.5")], b""),
        ({"multiValueHeaders": {"test-multi": ["value1", "value2"]}}, 200,
         [(b"test-multi", b"value1"), (b"test-multi", b"value2")], b""),
        ({"headers": {"test-multi": "value-solo"},
          "multiValueHeaders": {"tesT-Multi": ["value-multi"]}}, 200,
         [(b"tesT-Multi", b"value-multi"), (b"test-multi", b"value-solo")], b""),
        ({"headers": {"A": "1"}, "multiValueHeaders": {"a": ["1", "2"]}}, 200,
         [(b"a", b"1"), (b"a", b"2")], b""),
    ],
)  # fmt: skip
def test_answers_are_passed_on_as_recorded(payload, status, pairs, body):
    response = answer(payload)
    assert (response.status, response.body) == (status, body)
    assert headers(response) == [*pairs, (b"Content-Type", b"application/json")]


@pytest.mark.parametrize(
    "payload",
    [
        {"statusCode": 200, "wrongValue": "value"},
        {"message": "hello"},
        "justAString",
        None,
        [],
        7,
        b"",
        b"\xff",
        b'{"body": "\xff"}',
        b'{"statusCode": 200',
        {"statusCode": "test"},
        {"statusCode": True},
        {"statusCode": 200.5},
        {"statusCode": [200]},
        {"statusCode": 0},
        {"statusCode": -200},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": 600},
        {"statusCode": 1000},
        {"statusCode": "0x1"},
        {"statusCode": "+20"},
        {"statusCode": "²00"},
        {"statusCode": 10**30},
        b'{"statusCode": 1e400}',
        b'{"statusCode": NaN}',
        {"headers": []},
        {"headers": {"a": None}},
        {"headers": {"a": ["b"]}},
        {"headers": {"a": {}}},
        {"multiValueHeaders": {"test-multi-invalid": "value1"}},
        {"headers": {"": "a"}},
        {"headers": {"a b": "c"}},
        {"headers": {"a:": "c"}},
        {"headers": {"a\r\nSet-Cookie": "c"}},
        {"headers": {"é": "c"}},
        {"headers": {"a": "b\r\nSet-Cookie: c"}},
        {"headers": {"a": "b\nSet-Cookie: c"}},
        {"headers": {"a": "b\rc"}},
        {"headers": {"a": "b\0c"}},
        {"multiValueHeaders": {"a": ["ok", "b\r\n\r\n<html>"]}},
        b'{"headers": {"a": ' + b"9" * 5000 + b"}}",
        {"body": {"a": 1}},
        {"body": 7},
        b'{"body": "\\ud800"}',
        {"isBase64Encoded": "true"},
        {"multiValueHeaders": {"a": ["b"] * (MAX_HEADERS + 1)}},
        {"headers": {"a": "b" * 70_000}},
        b'{"headers": ' + b"[" * 100_000,
        b'{"body": "' + b"a" * (20 * 1024 * 1024) + b'"}',
    ],
    ids=lambda payload: repr(payload)[:40],
)
def test_what_is_no_response_is_a_bad_gateway(payload):
    denial = malformed(payload)
    assert len(denial.detail) < 400
    assert denial.detail.isascii()


def test_framing_and_the_gateways_own_headers_are_never_the_functions():
    sent = {
        "Transfer-Encoding": "chunked",
        "Content-Length": "1",
        "Connection": "close",
        "Date": "now",
        "x-amzn-RequestId": "forged",
        "X-Amzn-Trace-Id": "forged",
        "WWW-Authenticate": "Basic",
        "Keep-Alive": "1",
        "Set-Cookie": "a=b",
    }
    response = answer({"headers": sent})
    assert dict(headers(response)) == {
        b"x-amzn-Remapped-Content-Length": b"1",
        b"x-amzn-Remapped-Connection": b"close",
        b"x-amzn-Remapped-Date": b"now",
        b"x-amzn-Remapped-x-amzn-RequestId": b"forged",
        b"x-amzn-Remapped-WWW-Authenticate": b"Basic",
        b"Set-Cookie": b"a=b",
        b"Content-Type": b"application/json",
    }
    assert [v for n, v in response.headers if n.lower() == b"x-amzn-trace-id"] == [
        b"Root=1-6ab13b80-6b0a3c5e0000400080000000"
    ]


@pytest.mark.parametrize(
    ("types", "accept", "decoded"),
    [
        ((), "image/png", False),
        (("image/png",), "image/png,*/*", True),
        (("image/png",), "*/*,image/png", False),
        (("image/png",), None, False),
        (("*/*",), None, True),
        (("*/*",), "text/html", True),
    ],
)
def test_base64_is_taken_off_for_who_accepts_binary(types, accept, decoded):
    compiled = plan(api={"binary_media_types": types})
    text = base64.b64encode(b"\x89PNG").decode()
    asked = call(headers={"Accept": accept} if accept else {})
    response = answer({"body": text, "isBase64Encoded": True}, asked, compiled)
    assert response.body == (b"\x89PNG" if decoded else text.encode())
    assert answer({"body": text}, asked, compiled).body == text.encode()
    if decoded:
        malformed({"body": "no base64!", "isBase64Encoded": True}, asked=asked, compiled=compiled)


def test_a_function_that_fails_is_a_bad_gateway_and_tells_the_operator_alone():
    outcome = Errored(payload=b'{"errorMessage":"secret \xff"}' + b"x" * 5000, version="1")
    denial = plan().answered(call(), Facts({}), outcome)
    assert (denial.response_type, denial.status, denial.message) == (
        "INTEGRATION_FAILURE", 502, None,
    )  # fmt: skip
    assert "secret" in denial.detail
    assert len(denial.detail) < 600


@pytest.mark.parametrize(
    ("reason", "response_type", "status"),
    [
        ("not_found", "API_CONFIGURATION_ERROR", 500),
        ("denied", "API_CONFIGURATION_ERROR", 500),
        ("throttled", "INTEGRATION_FAILURE", 500),
        ("unavailable", "INTEGRATION_FAILURE", 500),
        ("timed_out", "INTEGRATION_TIMEOUT", 504),
        ("too_large", "REQUEST_TOO_LARGE", 413),
    ],
)
def test_a_function_that_is_not_run_is_told_by_its_reason(reason, response_type, status):
    refusal = Refused(reason=reason, message="because")
    denial = plan().answered(call(), Facts({}), refusal)
    assert (denial.response_type, denial.status) == (response_type, status)
    assert reason == "too_large" or "because" in denial.detail
