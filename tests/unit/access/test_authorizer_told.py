"""What people are told of an authorizer: everything but what opens doors."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from authorizing import (
    Functions,
    answer,
    authorizer,
    http_authorizer,
    http_step,
    rest_step,
    statement,
)
from bargate.access import lambda_authorizer
from bargate.access.authorizer_answer import AuthorizerAsk
from bargate.access.call import Facts
from bargate.access.explain import explain
from bargate.access.verdict import Need
from bargate.gateway.needs import Needs
from building import call

SECRETS = {
    "Authorization": "SECRET-1",
    "Cookie": "a=SECRET-2",
    "X-Api-Key": "SECRET-3",
    "X-Door": "SECRET-4",
    "X-Plain": "plain",
}


def told(step: Any, made: Any) -> list[str]:
    functions = Functions(
        lambda _: answer(
            statement(),
            context={"a": "b", "Access_Token": "SECRET-2"},
            usageIdentifierKey="SECRET-9",
        )
    )
    controls = ((lambda_authorizer.CONTROL, step),)
    facts = Facts({})
    first = explain(controls, made, facts)
    assert isinstance(first.outcome, Need)
    asyncio.run(Needs(None, None, functions).fetch(first.outcome))  # type: ignore[arg-type]
    second = explain(controls, made, facts)
    assert second.outcome is None
    return [*first.steps[0].more, *second.steps[0].more]


@pytest.mark.parametrize(
    "step",
    [
        rest_step(authorizer()),
        rest_step(authorizer("REQUEST", identity_source="method.request.header.X-Door")),
        http_step(http_authorizer(identity_source=("$request.header.x-door",))),
        http_step(
            http_authorizer(
                payload_format_version="1.0",
                identity_source=("$request.header.X-DOOR", "$request.querystring.door"),
            )
        ),
    ],
)
def test_no_secret_is_told(step: Any) -> None:
    lines = told(step, call(headers=SECRETS, query="door=SECRET-5&x=plain"))
    shown = "\n".join(lines)
    assert lines[0].startswith("would be sent: {")
    assert lines[1].startswith("sent: {")
    assert lines[2].startswith("returned: {")
    for at in (1, 2, 3, 9):
        assert f"SECRET-{at}" not in shown
    if "SECRET-4" in shown:  # told only where it names nobody
        assert '"type": "TOKEN"' not in shown
        pytest.fail("an identity source is told")
    assert '"context": {"a": "b", "Access_Token": "(sha256 ' in shown
    assert "sha256" in shown


def test_what_is_told_is_json_and_bounded() -> None:
    lines = told(rest_step(authorizer("REQUEST", result_ttl_s=0)), call())
    assert json.loads(lines[0].removeprefix("would be sent: "))["type"] == "REQUEST"
    lines = told(
        rest_step(authorizer("REQUEST", result_ttl_s=0)), call(headers={"X-Long": "x" * 9000})
    )
    assert all(len(line) < 4_200 for line in lines)


def test_an_event_has_no_body_and_no_forged_forwarding() -> None:
    step = rest_step(authorizer("REQUEST", result_ttl_s=0))
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.1", "A": "1"}
    made = call(headers=headers, query="a=1&a=%32&b", body=b"SECRET")
    need = step(made, Facts({"id": "a%2Fb"}))
    assert isinstance(need, Need)
    assert isinstance(need.source, AuthorizerAsk)
    event = json.loads(need.source.invocation.payload)
    assert "SECRET" not in str(event)
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["headers"]["X-Forwarded-For"] == "10.0.0.1, 203.0.113.7"
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["pathParameters"] == {"id": "a/b"}
    assert event["stageVariables"] == {}
    assert event["requestContext"]["path"] == "/prod/pets"
    assert event["requestContext"]["identity"]["sourceIp"] == "203.0.113.7"
    assert event["requestContext"]["identity"]["userArn"] is None
