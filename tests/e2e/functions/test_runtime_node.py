"""Node.js functions: every way to write a handler, and every way to fail."""

from __future__ import annotations

import shutil

import pytest

from bargate.functions.runtime_spec import StartFailed
from function_processes import answer, error, event, once, run, started

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
NODE = "nodejs20.x"


@pytest.mark.parametrize("handler", ["plain.handler", "module.handler", "nested/deep.at.last"])
def test_a_handler_gets_event_and_context(handler: str) -> None:
    async def work() -> None:
        async with started(handler, runtime=NODE) as process:
            asked = event({"a": "ü"})
            told = answer(await process.invoke(asked))
            assert told["event"] == {"a": "ü"}
            assert told["left"] > 5000
            assert told["id"] == asked.request_id
            assert told["arn"] == asked.function_arn
            assert told["name"] == "tested"
            assert process.is_usable

    run(work())


@pytest.mark.parametrize(
    ("handler", "payload", "expected"),
    [
        ("plain.callback", [1], [1]),
        ("plain.promise", {"a": None}, {"a": None}),
        ("plain.early", 1, "early"),
        ("plain.waits", 1, "waited"),
        ("plain.silent", 1, None),
        ("plain.nothing", 1, None),
        ("plain.done", 1, "done"),
    ],
)
def test_each_style_answers(handler: str, payload: object, expected: object) -> None:
    async def work() -> None:
        async with started(handler, runtime=NODE) as process:
            for _ in range(2):
                assert answer(await process.invoke(event(payload))) == expected
            assert process.is_usable

    run(work())


@pytest.mark.parametrize(
    ("handler", "kind", "message"),
    [
        ("plain.fails", "TypeError", "no such thing"),
        ("plain.throws", "RangeError", "at once"),
        ("plain.rejects", "string", "a text"),
        ("plain.called", "Error", "called back"),
        ("plain.cycle", "Runtime.MarshalError", "the response is not JSON"),
    ],
)
def test_each_failure_is_told_and_the_process_goes_on(
    handler: str, kind: str, message: str
) -> None:
    async def work() -> None:
        async with started(handler, runtime=NODE) as process:
            told = error(await process.invoke(event()))
            assert told["errorType"] == kind
            assert message in told["errorMessage"]
            assert isinstance(told["trace"], list)
            assert process.is_usable

    run(work())


def test_what_nobody_catches_is_told_and_ends_the_process() -> None:
    async def work() -> None:
        async with started("plain.late", runtime=NODE) as process:
            told = error(await process.invoke(event()))
            assert told["errorType"] == "Runtime.UncaughtException"
            assert told["errorMessage"] == "late"
            await process._sandbox.exited
            assert not process.is_usable

    run(work())


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("absent.handler", "Runtime.ImportModuleError"),
        ("plain.absent", "Runtime.HandlerNotFound"),
        ("plain.text", "Runtime.HandlerNotFound"),
        ("plain", "Runtime.MalformedHandlerName"),
        ("../e2e/plain.handler", "Runtime.MalformedHandlerName"),
        ("broken.handler", "Runtime.UserCodeSyntaxError"),
    ],
)
def test_a_start_that_fails_says_why(handler: str, kind: str) -> None:
    with pytest.raises(StartFailed) as failed:
        run(once(handler, runtime=NODE))
    assert f'"errorType":"{kind}"'.encode() in failed.value.payload


def test_too_large_a_response() -> None:
    told = error(run(once("plain.large", 7_000_000, runtime=NODE)))
    assert told["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_busy_loop_is_timed_out() -> None:
    told = error(run(once("plain.spins", runtime=NODE, timeout_s=1)))
    assert told["errorType"] == "Sandbox.Timedout"
