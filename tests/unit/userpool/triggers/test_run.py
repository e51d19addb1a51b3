"""Calling functions of pools: what is tried again, what errors say, what an answer must be."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bargate.model.invocation import (
    ByService,
    Errored,
    Invocation,
    Outcome,
    Refused,
    RefusedReason,
    Returned,
)
from bargate.records.user_pool import UserPool
from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers import TRIGGERS
from bargate.userpool.triggers.run import MAX_RESPONSE_BYTES, FunctionTriggers
from bargate.wire.error import AwsError

ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
NOW = datetime(2026, 4, 7, tzinfo=UTC)
UNRECOGNIZABLE = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
INVALID = ("InvalidLambdaResponseException", "Invalid lambda function output : Invalid JSON")


class Host:
    """Answers invocations one after the other, the last answer for good."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Invocation] = []

    async def __call__(self, invocation: Invocation) -> Outcome:
        self.asked.append(invocation)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]


def pool(**config: Any) -> UserPool:
    return UserPool(
        account_id="1" * 12,
        region="us-east-1",
        id="us-east-1_a",
        name="p",
        created_at=NOW,
        modified_at=NOW,
        schema=(),
        lambda_config=config,
    )


def call(trigger: str = "PreSignUp", source: str = "PreSignUp_SignUp", **more: Any) -> TriggerCall:
    given: dict[str, Any] = {
        "pool": pool(**{trigger: ARN}),
        "client_id": "client",
        "user_name": "ann",
        "attributes": {"email": "a@example.org"},
        "request": {"validationData": {}, "clientMetadata": {}},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    return TriggerCall(trigger=trigger, source=source, **{**given, **more})


def run(host: Host, called: TriggerCall | None = None) -> dict[str, Any]:
    return asyncio.run(FunctionTriggers(host).run(called or call()))


def refused(host: Host, called: TriggerCall | None = None) -> tuple[str, str]:
    with pytest.raises(AwsError) as error:
        run(host, called)
    return error.value.code, error.value.message


def returned(response: Any) -> Returned:
    return Returned(payload=json.dumps({"response": response}).encode(), version="1")


def gone(reason: RefusedReason) -> Refused:
    return Refused(reason=reason, message="the operator reads this alone")


def test_an_event_is_as_aws_writes_it_and_comes_from_the_pool() -> None:
    host = Host(returned({"autoConfirmUser": True}))
    assert run(host) == {"autoConfirmUser": True}
    (asked,) = host.asked
    # AWS [D] user-pool-lambda-pre-sign-up, and the common parameters of all triggers
    assert json.loads(asked.payload) == {
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": "us-east-1",
        "userPoolId": "us-east-1_a",
        "userName": "ann",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "client"},
        "request": {"userAttributes": {"email": "a@example.org"}, "validationData": None},
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }
    assert (asked.function, asked.timeout_s, asked.is_event) == (ARN, 5.0, False)
    assert asked.invoker == ByService(
        service="cognito-idp.amazonaws.com",
        source_arn="arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_a",
        source_account="1" * 12,
    )


def test_a_pool_without_the_trigger_calls_nobody() -> None:
    host = Host(returned({}))
    assert run(host, call(pool=pool()))["autoConfirmUser"] is False
    assert host.asked == []


@pytest.mark.parametrize("reason", ["timed_out", "throttled", "unavailable"])
def test_what_may_pass_is_tried_three_times(reason: RefusedReason) -> None:
    host = Host(gone(reason), gone(reason), returned({}))
    assert run(host) == {}
    assert len(host.asked) == 3
    host = Host(gone(reason))
    assert refused(host)[0] == "UnexpectedLambdaException"
    assert len(host.asked) == 3


def test_what_cannot_be_invoked_is_told_in_aws_words_and_nothing_more() -> None:
    words: dict[RefusedReason, str] = {
        "timed_out": "Socket timeout while invoking Lambda function",
        "denied": "AccessDeniedException",
        "not_found": "ResourceNotFoundException",
    }
    for reason, word in words.items():
        told = f"PreSignUp invocation failed due to error {word}."
        assert refused(Host(gone(reason))) == ("UnexpectedLambdaException", told)
    host = Host(gone("denied"))
    refused(host)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"errorMessage": "No.", "errorType": "ValueError"}, "No."),
        ({"errorType": "ValueError"}, "ValueError"),
        ({"errorMessage": ["x"]}, "Unknown"),
        ("x", "Unknown"),
        ({"errorMessage": "x" * 5_000}, "x" * 1_024),
    ],
)
def test_what_a_function_throws_is_told_once(payload: Any, said: str) -> None:
    host = Host(Errored(payload=json.dumps(payload).encode(), version="1"))
    told = f"PreSignUp failed with error {said}."
    assert refused(host) == ("UserLambdaValidationException", told)
    assert len(host.asked) == 1


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (b"null", UNRECOGNIZABLE),
        (b"{}", UNRECOGNIZABLE),
        (b'"x"', UNRECOGNIZABLE),
        (b'{"response":null}', UNRECOGNIZABLE),
        (b'{"response":[]}', UNRECOGNIZABLE),
        (b"", INVALID),
        (b"{", INVALID),
        (b"\xff", INVALID),
        (b"[" * 100_000, INVALID),
        (b'{"response":{"autoConfirmUser":"true"}}', INVALID),
        (b'{"response":{"autoConfirmUser":1}}', INVALID),
    ],
)
def test_what_is_no_event_is_refused(payload: bytes, told: tuple[str, str]) -> None:
    assert refused(Host(Returned(payload=payload, version="1"))) == told


def test_an_event_that_is_too_large_is_refused() -> None:
    payload = b'{"response":{"x":"' + b"x" * MAX_RESPONSE_BYTES + b'"}}'
    code, message = refused(Host(Returned(payload=payload, version="1")))
    assert code == "InvalidLambdaResponseException"
    assert str(MAX_RESPONSE_BYTES) in message


@pytest.mark.parametrize(
    ("trigger", "response"),
    [
        ("DefineAuthChallenge", {"issueTokens": "true"}),
        ("VerifyAuthChallengeResponse", {"answerCorrect": "yes"}),
        ("CreateAuthChallenge", {"publicChallengeParameters": {"n": 1}}),
        ("UserMigration", {}),
        ("UserMigration", {"userAttributes": {}}),
        ("UserMigration", {"userAttributes": {"a": "b"}, "finalUserStatus": "ADMIN"}),
        ("CustomMessage", {"smsMessage": "x" * 141}),
        ("PreTokenGeneration", {"claimsOverrideDetails": {"claimsToSuppress": "email"}}),
    ],
)
def test_answers_have_the_shape_of_their_trigger(trigger: str, response: Any) -> None:
    assert refused(Host(returned(response)), call(trigger, "x")) == INVALID


def test_a_call_shows_nothing_of_what_it_holds() -> None:
    assert "secret" not in repr(call(request={"password": "secret"}))


def test_sources_are_those_of_aws_table() -> None:
    assert {len(each.sources) for each in TRIGGERS.values()} == {1, 2, 3, 6, 7}
    assert set(TRIGGERS) == {
        "PreSignUp", "PostConfirmation", "PreAuthentication", "PostAuthentication",
        "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse",
        "PreTokenGeneration", "UserMigration", "CustomMessage",
    }  # fmt: skip
