"""Functions in processes of their own: what works, and what breaks them."""

from __future__ import annotations

import asyncio
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from bargate.functions.runtime_process import RuntimeProcess
from bargate.functions.runtime_spec import StartFailed
from bargate.model.invocation import Returned
from bargate.secret import Secret
from function_processes import answer, error, event, once, run, spec, started, walled_in


def _lives(mark: str) -> bool:
    return subprocess.run(["pgrep", "-f", mark], capture_output=True, check=False).returncode == 0


def _processes() -> int:
    return len(list(Path("/proc").glob("[0-9]*")))


def test_event_and_context_reach_the_handler() -> None:
    async def work() -> None:
        async with started("plain.echo") as process:
            asked = event({"a": ["ü", 1]}, trace_id="Root=1-2-3")
            outcome = await process.invoke(asked)
            assert answer(outcome) == {
                "event": {"a": ["ü", 1]},
                "request_id": asked.request_id,
                "arn": asked.function_arn,
            }
            assert outcome.version == "$LATEST"
            assert outcome.request_id == asked.request_id
            assert 0 < outcome.duration_s < 5

    run(work())


def test_a_warm_process_keeps_its_state() -> None:
    async def work() -> None:
        async with started("plain.count") as process:
            assert [answer(await process.invoke(event())) for _ in range(3)] == [1, 2, 3]
            assert process.is_usable

    run(work())


def test_environment_is_its_own_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BARGATE_MASTER_KEY", "ours")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    told = answer(run(once("plain.environment")))
    assert told.pop("AWS_LAMBDA_RUNTIME_API").startswith("127.0.0.1:")
    assert told.pop("TMPDIR") == told.pop("HOME")
    task_root = told.pop("LAMBDA_TASK_ROOT")
    assert task_root.endswith("tests/e2e/functions/code")
    assert told.pop("AWS_EXECUTION_ENV").startswith("AWS_Lambda_python3.")
    assert told.pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"
    assert told == {
        "OWN": "mine",
        "_HANDLER": "plain.environment",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": "tested",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "",
        "AWS_LAMBDA_LOG_STREAM_NAME": "",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }


def test_descriptors_are_the_three_and_its_connection() -> None:
    open_ones = answer(run(once("plain.descriptors")))
    assert {0, 1, 2} <= set(open_ones)
    assert len(open_ones) <= 7  # the folder that is listed, the client's connection and its pipes
    assert answer(run(once("plain.standard_input"))) == "/dev/null"  # not its connection


def test_logs_have_lambda_lines_and_a_tail() -> None:
    log: list[bytes] = []

    async def work() -> Returned:
        async with started("plain.prints", log) as process:
            asked = event()
            outcome = await process.invoke(asked)
            assert isinstance(outcome, Returned)
            assert log[0] == f"START RequestId: {asked.request_id} Version: $LATEST".encode()
            assert log[-2] == f"END RequestId: {asked.request_id}".encode()
            assert log[-1].startswith(f"REPORT RequestId: {asked.request_id}\tDuration: ".encode())
            assert b"\tMemory Size: 128 MB\tMax Memory Used: " in log[-1]
            assert b"\tInit Duration: " in log[-1]
            await process.invoke(event())
            assert b"Init Duration" not in log[-1]
            return outcome

    outcome = run(work())
    assert log[1:3] == [b"one line", b"an error line"]
    assert log[3].startswith(b"[WARNING]\t")
    assert log[4] == b"not complete"
    assert outcome.log.startswith(b"START ")
    assert outcome.log.endswith(log[5] + b"\n" + log[6] + b"\n") or b"REPORT" in outcome.log


def test_no_log_unless_wanted() -> None:
    async def work() -> None:
        async with started("plain.prints") as process:
            assert (await process.invoke(event(wants_log=False))).log == b""

    run(work())


def test_an_exception_is_errored_and_the_process_goes_on() -> None:
    async def work() -> None:
        async with started("plain.raises") as process:
            told = error(await process.invoke(event()))
            assert told["errorType"] == "ValueError"
            assert told["errorMessage"] == "no such thing"
            assert "in raises" in told["stackTrace"][0]
            assert process.is_usable

    run(work())


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("lacks_module.handler", "Runtime.ImportModuleError"),
        ("plain.absent", "Runtime.HandlerNotFound"),
        ("plain", "Runtime.MalformedHandlerName"),
        ("exits_at_import.handler", "Runtime.ExitError"),
        ("raises_at_import.handler", "ValueError"),
    ],
)
def test_a_start_that_fails_says_why(handler: str, kind: str) -> None:
    with pytest.raises(StartFailed) as failed:
        run(once(handler))
    assert f'"errorType":"{kind}"'.encode() in failed.value.payload.replace(b'": "', b'":"')


def test_an_exit_at_import_names_its_status() -> None:
    with pytest.raises(StartFailed, match=r"Runtime exited with error: exit status 3"):
        run(once("exits_at_import.handler"))


def test_a_start_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bargate.functions.runtime_process.INIT_LIMIT_S", 0.5)
    with pytest.raises(StartFailed, match=r"Sandbox\.Timedout"):
        run(once("hangs_at_import.handler"))


def test_a_missing_code_folder_is_named() -> None:
    with pytest.raises(StartFailed, match="the code folder /nowhere is not there"):
        run(once("plain.echo", code_folder="/nowhere"))


@pytest.mark.parametrize("name", ["A=B", "A\0B"])
def test_a_variable_that_cannot_be_given_stops_the_start_and_is_not_shown(name: str) -> None:
    log: list[bytes] = []

    async def work() -> None:
        async with started("plain.echo", log, environment={name: Secret("s3cr3t")}):
            pytest.fail("it started")

    with pytest.raises(StartFailed) as failed:
        run(work())
    assert b"s3cr3t" not in b"".join(log) + failed.value.payload


def test_an_unknown_runtime_is_refused() -> None:
    with pytest.raises(StartFailed, match=r"no runtime 'java21' here; there are: python3\.x"):
        run(once("plain.echo", runtime="java21"))


@pytest.mark.parametrize("handler", ["hostile.hangs", "hostile.ignores_signals"])
def test_a_time_out_ends_the_process(handler: str) -> None:
    async def work() -> None:
        async with started(handler, timeout_s=1) as process:
            asked = event()
            begun = time.monotonic()
            told = error(await process.invoke(asked))
            assert time.monotonic() - begun < 3
            assert told == {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {asked.request_id} "
                "Error: Task timed out after 1.00 seconds",
            }
            assert not process.is_usable
            with pytest.raises(RuntimeError):
                await process.invoke(event())

    run(work())


@pytest.mark.parametrize(
    ("handler", "payload", "why"),
    [
        ("hostile.exits", 1, "Runtime exited with error: exit status 1"),
        ("hostile.exits", 0, "Runtime exited without providing a reason"),
        ("hostile.crashes", None, "Runtime exited with error: signal: segmentation fault"),
        ("hostile.killed", None, "Runtime exited with error: signal: killed"),
    ],
)
def test_an_exit_is_told(handler: str, payload: int | None, why: str) -> None:
    async def work() -> None:
        async with started(handler) as process:
            asked = event(payload)
            told = error(await process.invoke(asked))
            assert told == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {asked.request_id} Error: {why}",
            }
            assert not process.is_usable

    run(work())


def test_one_event_at_a_time() -> None:
    async def work() -> None:
        async with started("hostile.hangs") as process:
            first = asyncio.create_task(process.invoke(event()))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="one event at a time"):
                await process.invoke(event())
            first.cancel()
            await asyncio.wait([first])
            assert not process.is_usable

    run(work())


def test_end_while_it_works_settles_the_event() -> None:
    async def work() -> None:
        async with started("hostile.hangs") as process:
            working = asyncio.create_task(process.invoke(event()))
            await asyncio.sleep(0)
            await process.end()
            assert error(await working)["errorType"] == "Runtime.ExitError"

    run(work())


@pytest.mark.parametrize(
    "handler",
    [
        "hostile.double_forks",
        "hostile.double_forks_and_hangs",
        "hostile.double_forks_and_exits",
    ],
)
def test_strays_do_not_outlive_it(handler: str) -> None:
    mark = f"stray-{uuid.uuid4().hex}"

    async def work() -> None:
        async with started(handler, timeout_s=2) as process:
            await process.invoke(event(mark))
        assert not _lives(mark)

    run(work())


def test_strays_of_a_usable_process_are_seen_alive_first() -> None:
    """The test above could pass because nothing was ever started; this one says it was."""
    mark = f"stray-{uuid.uuid4().hex}"

    async def work() -> None:
        async with started("hostile.double_forks") as process:
            await process.invoke(event(mark))
            assert _lives(mark)
        assert not _lives(mark)

    run(work())


@walled_in
def test_a_fork_bomb_is_bounded_and_ended() -> None:
    async def work() -> None:
        before = _processes()
        async with started("hostile.bombs", memory_mb=1024) as process:
            assert answer(await process.invoke(event())) < 300
            begun = time.monotonic()
        assert time.monotonic() - begun < 5
        assert _processes() < before + 50

    run(work())


def test_closed_outputs_do_not_matter() -> None:
    assert answer(run(once("hostile.closes_outputs"))) == "closed"


def test_a_flood_of_output_is_drained_and_bounded() -> None:
    log: list[bytes] = []

    async def work() -> None:
        async with started("hostile.floods", log) as process:
            outcome = await process.invoke(event(50_000))
            assert answer(outcome) == "done"
            assert len(outcome.log) <= 4096

    run(work())
    assert sum(map(len, log)) < 16 * 1024 * 1024
    assert any(b"bytes of log dropped" in line for line in log)


def test_a_long_line_is_cut() -> None:
    log: list[bytes] = []

    async def work() -> None:
        async with started("hostile.long_line", log) as process:
            await process.invoke(event())

    run(work())
    assert max(map(len, log)) == 256 * 1024
    assert sum(len(line) for line in log if line[:9] == b"y" * 9) == 600_000


def test_garbage_on_the_output_does_not_matter() -> None:
    assert answer(run(once("hostile.garbage"))) == "fine"


@pytest.mark.parametrize("size", [6_291_557, 20_000_000])
def test_too_large_a_response(size: int) -> None:
    async def work() -> None:
        async with started("hostile.large", memory_mb=512) as process:
            told = error(await process.invoke(event(size)))
            assert told == {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size "
                "(6291556 bytes).",
            }
            assert not process.is_usable

    run(work())


def test_the_largest_response_passes() -> None:
    assert len(answer(run(once("hostile.large", 6_291_554, memory_mb=512)))) == 6_291_554


@pytest.mark.parametrize("handler", ["hostile.eats", "hostile.eats_in_children"])
def test_too_much_memory_ends_it(handler: str) -> None:
    log: list[bytes] = []

    async def work() -> None:
        async with started(handler, log, memory_mb=128, timeout_s=30) as process:
            asked = event()
            begun = time.monotonic()
            told = error(await process.invoke(asked))
            assert time.monotonic() - begun < 10
            assert told == {
                "errorType": "Runtime.ExitError",
                "errorMessage": f"RequestId: {asked.request_id} "
                "Error: Runtime exited with error: signal: killed",
            }

    run(work())


def test_a_process_is_gone_after_its_end_and_may_be_ended_again() -> None:
    async def work() -> None:
        process = await RuntimeProcess.start(spec("plain.echo"), lambda _: None)
        await process.end()
        await process.end()
        assert not process.is_usable

    run(work())
