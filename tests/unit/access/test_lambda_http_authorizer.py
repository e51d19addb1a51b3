"""Lambda authorizers of HTTP APIs: both payload formats, simple responses, sources, caching."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from authorizing import (
    ALLOW,
    METHODS,
    Functions,
    answer,
    decide,
    http_authorizer,
    http_route,
    http_step,
    statement,
)
from bargate.access import lambda_http_authorizer
from bargate.access.arrival import Arrival, ClientCertificate
from bargate.access.repeated_headers import RepeatedHeaders
from bargate.access.verdict import Denial
from bargate.model.invalid import InvalidConfiguration
from building import call

TOKEN = ("$request.header.Authorization",)
YES = {"isAuthorized": True}
CERTIFICATE = ClientCertificate(
    pem="-----BEGIN",
    subject_dn="CN=ann",
    issuer_dn="CN=ca",
    serial_number="01",
    not_before="May 28 12:30:02 2019 GMT",
    not_after="Aug  5 09:36:04 2021 GMT",
)


def simple(**fields: Any) -> Any:
    return http_authorizer(enable_simple_responses=True, **fields)


def refusal(step: Any, made: Any, functions: Functions) -> Denial:
    verdict, _ = decide(step, made, functions)
    assert isinstance(verdict, Denial)
    return verdict


def test_the_event_of_format_2_0() -> None:
    functions = Functions(lambda _: YES)
    step = http_step(simple(identity_source=TOKEN), "GET /pets")
    made = call(
        query="a=1&b=x%20y&a=2",
        headers={"Authorization": "t1", "Cookie": "c1=1; c2=2", "User-Agent": "ua", "X-A": "1"},
        arrival=Arrival(client_certificate=CERTIFICATE),
    )
    assert decide(step, made, functions)[0] is None
    (event,) = functions.events
    headers = event.pop("headers")
    assert {name: headers[name] for name in ("authorization", "user-agent", "x-a")} == {
        "authorization": "t1",
        "user-agent": "ua",
        "x-a": "1",
    }
    assert "cookie" not in headers
    assert headers["x-forwarded-for"] == "203.0.113.7"
    assert event == {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"{METHODS}/GET/pets",
        "identitySource": ["t1"],
        "routeKey": "GET /pets",
        "rawPath": "/prod/pets",
        "rawQueryString": "a=1&b=x%20y&a=2",
        "cookies": ["c1=1", "c2=2"],
        "queryStringParameters": {"a": "1,2", "b": "x y"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "petstore",
            "authentication": {
                "clientCert": {
                    "clientCertPem": "-----BEGIN",
                    "subjectDN": "CN=ann",
                    "issuerDN": "CN=ca",
                    "serialNumber": "01",
                    "validity": {
                        "notBefore": "May 28 12:30:02 2019 GMT",
                        "notAfter": "Aug  5 09:36:04 2021 GMT",
                    },
                }
            },
            "domainName": "petstore.execute-api.us-east-1.localhost",
            "domainPrefix": "petstore",
            "http": {
                "method": "GET",
                "path": "/prod/pets",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "ua",
            },
            "requestId": made.request_id,
            "routeKey": "GET /pets",
            "stage": "prod",
            "time": "21/Sep/2026:14:13:20 +0000",
            "timeEpoch": 1_790_000_000_000,
        },
        "pathParameters": None,
        "stageVariables": None,
    }
    assert functions.invocations[0].timeout_s == 10


def test_the_event_of_format_1_0() -> None:
    functions = Functions(lambda _: ALLOW)
    authorizer = http_authorizer(
        payload_format_version="1.0", identity_source=("$request.header.A", "$request.header.B")
    )
    made = call(headers={"A": "1", "B": "2"})
    assert decide(http_step(authorizer, "GET /pets"), made, functions)[0] is None
    (event,) = functions.events
    assert event["version"] == "1.0"
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == f"{METHODS}/GET/pets"
    assert event["identitySource"] == event["authorizationToken"] == "1,2"
    assert event["requestContext"]["identity"]["sourceIp"] == "203.0.113.7"
    assert "body" not in event


def test_a_custom_domain_name_shows_its_mapping_in_format_1_0_alone() -> None:
    """AWS [D] http-api-develop-integrations-lambda; integrations are told the same."""
    made = call(path="/pets", headers={"Authorization": "t"}, domain_name="api.example.com")
    made.path = "/v1/pets"
    told = {}
    for version in ("1.0", "2.0"):
        functions = Functions(lambda _: ALLOW)
        step = http_step(http_authorizer(payload_format_version=version, identity_source=TOKEN))
        assert decide(step, made, functions)[0] is None
        (told[version],) = functions.events
    assert told["1.0"]["path"] == told["1.0"]["requestContext"]["path"] == "/v1/pets"
    assert told["2.0"]["rawPath"] == told["2.0"]["requestContext"]["http"]["path"] == "/prod/pets"
    assert told["2.0"]["requestContext"]["domainName"] == "api.example.com"


def test_headers_that_come_again_are_told_anew_for_each_call() -> None:
    sent = {"Authorization": "t", "Cookie": "a=1;b=2", "X_Forwarded_For": "10.0.0.1", "X-A": "1"}
    first = call(headers=sent)
    first.headers = RepeatedHeaders(first.headers)
    second = call(headers=sent, source_ip="198.51.100.1")
    second.headers = first.headers
    for version in ("1.0", "2.0"):
        functions = Functions(lambda _: ALLOW)
        step = http_step(http_authorizer(payload_format_version=version, identity_source=TOKEN))
        for made in (first, second, first):
            assert decide(step, made, functions)[0] is None
        told = [{k.lower(): v for k, v in each["headers"].items()} for each in functions.events]
        assert [each["x-forwarded-for"] for each in told] == [
            "203.0.113.7", "198.51.100.1", "203.0.113.7",
        ]  # fmt: skip
        assert all("x_forwarded_for" not in each and each["x-a"] == "1" for each in told)
        assert all(("cookie" in each) is (version == "1.0") for each in told)


@pytest.mark.parametrize("ttl_s", [0, 60])
@pytest.mark.parametrize("headers", [{}, {"Authorization": ""}, {"Authorization": "t"}])
def test_a_configured_source_must_be_there(ttl_s: int, headers: dict[str, str]) -> None:
    functions = Functions(lambda _: YES)
    sources = (*TOKEN, "$request.querystring.key")
    step = http_step(simple(identity_source=sources, result_ttl_s=ttl_s))
    assert refusal(step, call(headers=headers, query="Key=1"), functions).reason == (
        "authorizer.missing"
    )
    assert functions.events == []


def test_without_sources_every_call_is_asked_about() -> None:
    functions = Functions(lambda _: YES)
    step = http_step(simple(result_ttl_s=300))
    for _ in range(2):
        assert decide(step, call(), functions)[0] is None
    assert len(functions.events) == 2
    assert functions.events[0]["identitySource"] is None


@pytest.mark.parametrize("yes", ["true", 1, "yes", None, [True], {}])
def test_only_true_is_true(yes: Any) -> None:
    denial = refusal(http_step(simple()), call(), Functions(lambda _: {"isAuthorized": yes}))
    assert denial.reason == "authorizer.malformed"


def test_false_is_remembered() -> None:
    functions = Functions(lambda _: {"isAuthorized": False})
    step = http_step(simple(identity_source=TOKEN, result_ttl_s=60))
    for _ in range(2):
        denial = refusal(step, call(headers={"Authorization": "t"}), functions)
        assert denial.response_type == "ACCESS_DENIED"
    assert len(functions.events) == 1


def test_a_policy_is_no_simple_response_and_the_other_way_round() -> None:
    assert refusal(http_step(simple()), call(), Functions(lambda _: ALLOW)).reason == (
        "authorizer.malformed"
    )
    step = http_step(http_authorizer())
    assert refusal(step, call(), Functions(lambda _: YES)).reason == "authorizer.malformed"


def test_routes_share_answers_unless_the_route_key_is_a_source() -> None:
    for sources, asked in ((TOKEN, 1), ((*TOKEN, "$context.routeKey"), 2)):
        functions = Functions(lambda _: YES)
        first = http_route(simple(identity_source=sources, result_ttl_s=60), "GET /pets")
        second = structs.replace(first, route=structs.replace(first.route, route_key="GET /shops"))
        for route, path in ((first, "/pets"), (second, "/shops"), (first, "/pets")):
            step = lambda_http_authorizer.CONTROL.compile(route)
            assert step is not None
            made = call(path=path, headers={"Authorization": "t"})
            assert decide(step, made, functions)[0] is None
        assert len(functions.events) == asked


def test_a_remembered_policy_is_held_against_each_route() -> None:
    functions = Functions(lambda _: answer(statement(f"{METHODS}/GET/pets")))
    step = http_step(http_authorizer(identity_source=TOKEN, result_ttl_s=60))
    headers = {"Authorization": "t"}
    assert decide(step, call(headers=headers), functions)[0] is None
    assert refusal(step, call(path="/shops", headers=headers), functions).reason == (
        "authorizer.implicit_deny"
    )
    assert len(functions.events) == 1


def test_context_keeps_its_types() -> None:
    context = {"list": [1, {"a": None}], "number": 1, "claims": {"x": 1}}
    functions = Functions(lambda _: {**YES, "context": context})
    _, facts = decide(http_step(simple()), call(), functions)
    assert facts.authorizer_context == context


def test_format_1_0_reserves_claims() -> None:
    functions = Functions(lambda _: answer(statement(), context={"claims": "x"}))
    step = http_step(http_authorizer(payload_format_version="1.0"))
    assert refusal(step, call(), functions).reason == "authorizer.malformed"


@pytest.mark.parametrize(
    "fields",
    [
        {"payload_format_version": "3.0"},
        {"payload_format_version": None},
        {"payload_format_version": "1.0", "enable_simple_responses": True},
        {"identity_source": ("request.header.A",)},
        {"identity_source": ("$request.body.A",)},
    ],
)
def test_what_cannot_be_enforced_is_refused_at_the_start(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfiguration):
        http_step(http_authorizer(**fields))
