from __future__ import annotations

import json

import pytest

from bargate.access.call import Facts
from bargate.access.verdict import Denial
from bargate.gateway.log_format import JsonFormat, compile_format
from bargate.gateway.serving import CallRecord
from bargate.model.invalid import InvalidConfiguration
from building import PLACE, call, method, rest_api, snapshot

STAGE = snapshot(rest_api(("/pets/{id}", method()))).apis["petstore"].stages["prod"]
DENIAL = Denial(
    response_type="UNAUTHORIZED", reason="test.reason", detail='said "no"', message="Unauthorized"
)


def record(**fields: object) -> CallRecord:
    endpoint = STAGE.router.endpoints[0]
    facts = Facts({"id": "7"})
    facts.claims = {"sub": 'a"b\n{}', "groups": ["x", "y"]}
    facts.principal_id = "someone"
    made = call("GET", "/pets/7", query="token=SECRET", headers={"User-Agent": "curl"})
    base = {"call": made, "stage": STAGE, "endpoint": endpoint, "facts": facts, "status": 200}
    return CallRecord(**{**base, **fields})  # type: ignore[arg-type]


def test_the_default_line_has_the_names_of_aws() -> None:
    line = json.loads(JsonFormat()(record(latency_s=0.0123, integration_latency_s=0.01)))
    assert line["requestId"].startswith("6b0a3c5e")
    assert line["identity.sourceIp"] == "203.0.113.7"
    assert line["responseLatency"] == 12.3
    assert line["integration.latency"] == 10.0
    assert line["authorizer.principalId"] == "someone"
    assert (line["apiId"], line["stage"], line["resourcePath"]) == (
        "petstore",
        "prod",
        "/pets/{id}",
    )
    assert "SECRET" not in str(line)
    assert "reason" not in line


def test_a_refusal_says_why() -> None:
    line = json.loads(JsonFormat()(record(denial=DENIAL, status=401)))
    assert line["reason"] == "test.reason"
    assert line["detail"] == 'said "no"'
    assert line["error.responseType"] == "UNAUTHORIZED"


def test_an_unresolved_call_has_a_line_too() -> None:
    line = json.loads(JsonFormat()(CallRecord(call=call(), denial=DENIAL, status=403)))
    assert line["status"] == 403
    assert "apiId" not in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$context.status", "200"),
        ("[$context.identity.sourceIp]", "[203.0.113.7]"),
        ("$context.apiId/$context.stage$context.resourcePath", "petstore/prod/pets/{id}"),
        ("$context.accountId", "123456789012"),
        ("$context.authorizer.claims.sub", r"a\"b\n{}"),
        ("$context.authorizer.claims['groups']", "x,y"),
        ("$context.error.message", "-"),
        ("$context.integration.status ms=$context.responseLatency", "- ms=0"),
        ("$context.wafResponseCode", "-"),
    ],
)
def test_a_custom_format(text: str, expected: str) -> None:
    assert compile_format(text, PLACE)(record()) == f"{expected}\n".encode()


def test_a_custom_format_of_a_refusal() -> None:
    text = (
        '{"m":$context.error.messageString,"r":"$context.error.reason","d":"$context.error.detail"}'
    )
    line = compile_format(text, PLACE)(record(denial=DENIAL))
    assert json.loads(line) == {"m": "Unauthorized", "r": "test.reason", "d": 'said "no"'}


def test_no_value_can_break_a_line_or_fill_a_disk() -> None:
    agent = 'x"\r\n\x00' + "y" * 9000
    made = call(headers={"User-Agent": agent})
    line = compile_format('{"a":"$context.identity.userAgent"}', PLACE)(record(call=made))
    assert line.count(b"\n") == 1
    assert len(line) < 8000
    assert json.loads(line)["a"].startswith('x"')


@pytest.mark.parametrize(
    "text", ["", "x", "$context.nope", "$context.identity.apiKey", "a\nb", "$context.status" * 500]
)
def test_formats_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InvalidConfiguration):
        compile_format(text, PLACE)
