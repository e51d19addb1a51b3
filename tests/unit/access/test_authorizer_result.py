"""Answers of Lambda authorizers: whatever is not exactly right lets nobody in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authorizing import ALLOW, Functions, answer, authorizer, decide, rest_step, statement
from bargate.access.verdict import Denial
from building import call

TOO_LONG = "arn:aws:execute-api:us-east-1:123456789012:petstore/" + "x" * 512


def reason(result: Any) -> str | None:
    functions = Functions(lambda _: result)
    verdict, _ = decide(rest_step(authorizer()), call(headers={"Authorization": "t"}), functions)
    return None if verdict is None else verdict.reason


def test_the_answer_that_the_others_differ_from_is_right() -> None:
    assert reason(ALLOW) is None


@pytest.mark.parametrize(
    "result",
    [
        None,
        "Allow",
        True,
        [ALLOW],
        {},
        b"",
        b"{",
        b"null",
        b"\xff",
        b"garbage" * 10,
        {**ALLOW, "principalId": None},
        {**ALLOW, "principalId": ""},
        {**ALLOW, "principalId": 7},
        {"policyDocument": ALLOW["policyDocument"]},
        {"principalId": "ann"},
        {**ALLOW, "policyDocument": None},
        {**ALLOW, "policyDocument": json.dumps(ALLOW["policyDocument"])},
        {**ALLOW, "policyDocument": {}},
        {**ALLOW, "policyDocument": {"Version": "2012-10-17", "Statement": []}},
        {**ALLOW, "policyDocument": {"Version": "2015-01-01", "Statement": [statement()]}},
        answer(statement(effect="allow")),
        answer(statement(Principal="*")),
        answer(statement(Unknown="x")),
        answer({"Effect": "Allow", "Action": "execute-api:Invoke"}),
        answer({"Effect": "Allow", "Resource": "*"}),
        answer(statement(TOO_LONG)),
        answer(statement(), statement(["*", TOO_LONG], effect="Deny")),
        answer(statement(Condition={"IpAdress": {"aws:SourceIp": "1.2.3.4"}})),
        answer(statement(), statement(effect="Deny", Condition={"Bool": {"aws:Mfa": "true"}})),
        answer(statement(), context=[]),
        answer(statement(), context="x"),
        answer(statement(), context={"a": None}),
        answer(statement(), context={"a": []}),
        answer(statement(), context={"a": {"b": "c"}}),
        answer(statement(), context={"claims": "x"}),
        answer(statement(), context={"a": "x" * 8192}),
        answer(statement(), usageIdentifierKey=""),
        answer(statement(), usageIdentifierKey=7),
        answer(statement(), usageIdentifierKey="k" * 129),
        json.dumps(ALLOW)[:-1].encode() + b',"principalId":"root"}',
        json.dumps(ALLOW).replace('"Effect"', '"Effect":"Allow","Effect"').encode(),
        json.dumps(answer(statement(), context={"a": 1})).replace("1}", "NaN}").encode(),
        json.dumps(answer(statement(), context={"a": 1})).replace("1}", "1e999}").encode(),
        json.dumps(answer(statement(), context={"a": 1})).replace("1}", "9" * 5000 + "}").encode(),
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
    ],
)
def test_a_malformed_answer_lets_nobody_in(result: Any) -> None:
    assert reason(result) == "authorizer.malformed"


def test_a_refusal_tells_the_operator_no_secret_of_the_answer() -> None:
    result = {**answer(statement(Principal="*")), "usageIdentifierKey": "SECRET-KEY-OF-THE-PLAN"}
    functions = Functions(lambda _: result)
    verdict, _ = decide(rest_step(authorizer()), call(headers={"Authorization": "t"}), functions)
    assert isinstance(verdict, Denial)
    assert "SECRET" not in verdict.detail
    assert "Principal" in verdict.detail
