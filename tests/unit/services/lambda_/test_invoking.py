"""Invoke: what the host is asked, and what becomes of its outcomes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from tests.endpoint import Endpoint

from bargate.model.invocation import (
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Errored,
    Permitted,
    Refused,
    Returned,
)
from bargate.services.lambda_ import SERVICE
from bargate.services.lambda_.local import store_local
from calling import NOW, Calling
from unit.services.lambda_.local_functions import local
from unit.services.lambda_.making import ARN, package, refused
from unit.services.lambda_.making import asked as function


@pytest.fixture
def greet(functions: Any) -> Any:
    functions.create_function(**function(Timeout=5))
    return functions


def test_the_host_is_asked_for_the_revision_that_was_stored(endpoint: Endpoint, greet: Any) -> None:
    revision = greet.get_function_configuration(FunctionName="greet")["RevisionId"]
    answer = greet.invoke(FunctionName="greet", Payload=b'{"a":1}')
    assert json.loads(answer["Payload"].read()) == {"a": 1}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in answer
    assert "LogResult" not in answer
    (one,) = endpoint.functions.asked
    assert one.function == f"{ARN}:greet"
    assert (one.revision_id, one.invoker, one.is_event) == (revision, Permitted(), False)
    assert 5 < one.timeout_s < 60
    greet.update_function_code(FunctionName="greet", ZipFile=package("x = 2\n"))
    greet.publish_version(FunctionName="greet")
    greet.create_alias(FunctionName="greet", Name="live", FunctionVersion="1")
    told = greet.get_function_configuration(FunctionName="greet:1")
    for name in ("greet:live", f"{ARN}:greet:live"):
        greet.invoke(FunctionName=name)
        assert endpoint.functions.asked[-1].revision_id == told["RevisionId"]
        assert endpoint.functions.asked[-1].function == f"{ARN}:greet:live"
        assert endpoint.functions.asked[-1].payload == b"{}"


def test_the_log_is_given_to_who_wants_it(greet: Any) -> None:
    answer = greet.invoke(FunctionName="greet", LogType="Tail")
    assert base64.b64decode(answer["LogResult"]) == b"ran"


def test_an_error_of_the_function_is_no_error_of_the_call(endpoint: Endpoint, greet: Any) -> None:
    payload = b'{"errorMessage":"no","errorType":"ValueError"}'
    endpoint.functions.outcome = Errored(payload=payload, version="$LATEST")
    answer = greet.invoke(FunctionName="greet")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert answer["Payload"].read() == payload


@pytest.mark.parametrize(
    ("reason", "code", "status"),
    [
        ("not_found", "ResourceNotFoundException", 404),
        ("throttled", "TooManyRequestsException", 429),
        ("too_large", "RequestTooLargeException", 413),
        ("denied", "AccessDeniedException", 403),
        ("timed_out", "ServiceException", 500),
        ("unavailable", "ServiceException", 500),
    ],
)
def test_a_refusal_is_an_error(
    endpoint: Endpoint, greet: Any, reason: Any, code: str, status: int
) -> None:
    endpoint.functions.outcome = Refused(reason=reason, message="why")
    for kind in ("RequestResponse", "Event"):
        with pytest.raises(greet.exceptions.ClientError) as raised:
            greet.invoke(FunctionName="greet", InvocationType=kind)
        response = raised.value.response
        assert response["Error"]["Code"] == code
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_an_event_is_queued_and_a_dry_run_runs_nothing(endpoint: Endpoint, greet: Any) -> None:
    endpoint.functions.outcome = Returned(payload=b"", version="$LATEST")
    asked = endpoint.functions.asked
    queued = greet.invoke(FunctionName="greet", InvocationType="Event", Payload=b"[1]")
    assert (queued["StatusCode"], queued["Payload"].read()) == (202, b"")
    assert (asked[0].is_event, asked[0].payload) == (True, b"[1]")
    assert greet.invoke_async(FunctionName="greet", InvokeArgs=b"{}")["Status"] == 202
    assert asked[1].is_event
    assert greet.invoke(FunctionName="greet", InvocationType="DryRun")["StatusCode"] == 204
    assert len(asked) == 2
    for kind in ("RequestResponse", "Event", "DryRun"):
        code, _ = refused(greet.invoke, FunctionName="none", InvocationType=kind)
        assert code == "ResourceNotFoundException"


def test_what_is_no_event_does_not_reach_the_host(endpoint: Endpoint, greet: Any) -> None:
    for payload in (b"{", b"\xff", b"{} {}", b"'a'", b"[" * 100_000):
        code, message = refused(greet.invoke, FunctionName="greet", Payload=payload)
        assert code == "InvalidRequestContentException"
        assert "Could not parse request body into json" in message
    for kind, most in (("RequestResponse", MAX_PAYLOAD_BYTES), ("Event", MAX_EVENT_BYTES)):
        largest = b'"' + b"x" * (most - 2) + b'"'
        given = {"FunctionName": "greet", "InvocationType": kind}
        assert refused(greet.invoke, **given, Payload=largest + b" ") == (
            "RequestTooLargeException",
            f"Request must be smaller than {most} bytes for the InvokeFunction operation",
        )
        greet.invoke(**given, Payload=largest)
    assert len(endpoint.functions.asked) == 2


def test_a_client_context_is_passed_on(endpoint: Endpoint, greet: Any) -> None:
    text = base64.b64encode(b'{"custom":{"a":"b"}}').decode()
    greet.invoke(FunctionName="greet", ClientContext=text)
    assert json.loads(endpoint.functions.asked[-1].client_context) == {"custom": {"a": "b"}}
    for wrong in ("!", "e30", base64.b64encode(b"[]").decode(), base64.b64encode(b"{").decode(),
                  base64.b64encode(b'{"a":"' + b"x" * 4_000 + b'"}').decode()):  # fmt: skip
        code, _ = refused(greet.invoke, FunctionName="greet", ClientContext=wrong)
        assert code == "InvalidRequestContentException"


def test_without_a_host_it_is_said() -> None:
    call = Calling(SERVICE, environment=None)
    call.store.write(lambda tx: store_local(tx, [local("there")], NOW))
    refusal = call.refused("Invoke", FunctionName="there")
    assert (refusal.code, refusal.status) == ("ServiceException", 500)
