"""Functions of the operator, run by a real host and invoked as workers invoke them."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from bargate.local_functions import function_of, parsed
from bargate.model.invocation import ByService, Errored, Outcome, Permitted, Refused, Returned
from bargate.secret import Secret
from e2e.control.installation import installation, until
from e2e.functions.hosting import ACCOUNT, BY_API, REGION, function, hosting
from serving import backend, bargate

PID = "import os\ndef handler(event, context):\n    return os.getpid()\n"
ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"


def said(outcome: Outcome) -> Any:
    assert isinstance(outcome, Returned), outcome
    return json.loads(outcome.payload)


def refused(outcome: Outcome) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.reason


def test_a_function_of_a_folder_is_invoked_and_kept_warm(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("pid", tmp_path / "f", PID)) as host:
            first, second = await host.invoke("pid"), await host.invoke("pid")
            assert said(first) == said(second)
            assert isinstance(first, Returned)
            assert first.version == "$LATEST"

    asyncio.run(run())


def test_a_changed_file_is_what_runs_next(tmp_path: Path) -> None:
    async def run() -> None:
        folder = tmp_path / "f"
        async with hosting(function("f", folder, "def handler(e, c):\n    return 1\n")) as host:
            assert said(await host.invoke("f")) == 1
            function("f", folder, "def handler(e, c):\n    return 'changed'\n")
            deadline_s = time.monotonic() + 5
            while said(await host.invoke("f")) != "changed":
                assert time.monotonic() < deadline_s

    asyncio.run(run())


def test_two_functions_never_share_a_process(tmp_path: Path) -> None:
    source = "import os\nseen = []\ndef handler(e, c):\n    seen.append(e)\n    return seen\n"

    async def run() -> None:
        functions = [function(name, tmp_path / "same", source) for name in ("one", "two")]
        async with hosting(*functions, processes=1) as host:
            for number in range(3):
                assert len(said(await host.invoke("one", b'"1"'))) == 1, number
                assert said(await host.invoke("two", b'"2"')) == ["2"]

    asyncio.run(run())


def test_a_thousand_at_once_start_no_more_processes_than_may_live(tmp_path: Path) -> None:
    async def run() -> Counter[Any]:
        async with hosting(function("pid", tmp_path / "f", PID), processes=3) as host:
            outcomes = await asyncio.gather(
                *(host.invoke("pid", timeout_s=60) for _ in range(1_000))
            )
        return Counter(map(said, outcomes))

    assert len(asyncio.run(run())) <= 3


def test_more_than_the_account_may_run_at_once_is_throttled(tmp_path: Path) -> None:
    async def run() -> None:
        source = "import time\ndef handler(e, c):\n    time.sleep(1)\n"
        made = msgspec.structs.replace(
            function("f", tmp_path / "f", source), reserved_concurrency=2
        )
        async with hosting(made) as host:
            outcomes = await asyncio.gather(*(host.invoke("f") for _ in range(5)))
            kinds = Counter(type(each) for each in outcomes)
            assert kinds == {Returned: 2, Refused: 3}
            assert {each.reason for each in outcomes if isinstance(each, Refused)} == {"throttled"}

    asyncio.run(run())


def test_who_has_no_permission_is_told_how_it_is_given(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("f", tmp_path / "f", PID)) as host:
            stranger = ByService(
                source_arn="arn:aws:execute-api:us-east-1:999999999999:x/prod/GET/$(rm -rf *)",
                source_account="999999999999",
            )
            outcome = await host.invoke("f", invoker=stranger)
            assert refused(outcome) == "denied"
            assert isinstance(outcome, Refused)
            assert "aws lambda add-permission" in outcome.message
            assert "'arn:aws:execute-api:us-east-1:999999999999:x/prod/GET/$(rm -rf *)'" in (
                outcome.message
            )
            # A qualifier has a policy of its own.
            assert refused(await host.invoke("f", qualifier=":$LATEST")) == "denied"
            assert refused(await host.invoke("nobody")) == "not_found"
            assert said(await host.invoke("f", qualifier=":$LATEST", invoker=Permitted()))

    asyncio.run(run())


def test_events_are_answered_at_once_and_run_later(tmp_path: Path) -> None:
    async def run() -> None:
        answered = tmp_path / "open"
        answered.mkdir(mode=0o777)
        with backend() as elsewhere:
            elsewhere.answers["/hook"] = (200, {"Content-Type": "application/json"}, b'"ok"')
            local = parsed(f"f=url:http://127.0.0.1:{elsewhere.port}/hook")
            async with hosting(function_of(local, ACCOUNT, REGION, "aws")) as host:
                outcome = await host.invoke("f", b'{"a":1}', is_event=True)
                assert isinstance(outcome, Returned)
                assert outcome.payload == b""
                await asyncio.to_thread(until, lambda: len(elsewhere.received) == 1)
                assert elsewhere.received[0].body == b'{"a":1}'
                assert said(await host.invoke("f", b"{}")) == "ok"
                too_large = b'"' + b"x" * (1024 * 1024) + b'"'
                assert refused(await host.invoke("f", too_large, is_event=True)) == "too_large"

    asyncio.run(run())


def test_what_is_too_large_is_refused_before_it_is_run(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("f", tmp_path / "f", PID)) as host:
            too_large = b'"' + b"x" * (6 * 1024 * 1024) + b'"'
            assert refused(await host.invoke("f", too_large)) == "too_large"

    asyncio.run(run())


def test_who_waits_no_longer_is_answered_and_the_function_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        source = "import time, os\ndef handler(e, c):\n    time.sleep(e)\n    return os.getpid()\n"
        async with hosting(function("f", tmp_path / "f", source), processes=1) as host:
            pid = said(await host.invoke("f", b"0"))
            began_s = time.monotonic()
            assert refused(await host.invoke("f", b"1", timeout_s=0.1)) == "timed_out"
            assert time.monotonic() - began_s < 0.8
            assert said(await host.invoke("f", b"0")) == pid, "it was not ended"

    asyncio.run(run())


def test_a_revision_that_is_on_its_way_is_waited_for(tmp_path: Path) -> None:
    async def run() -> None:
        made = function("f", tmp_path / "f", PID)
        revision = made.versions[0].revision_id
        async with hosting(function("other", tmp_path / "o", PID)) as host:
            waiting = asyncio.create_task(host.invoke("f", revision_id=revision))
            await asyncio.wait({waiting}, timeout=0.2)
            assert not waiting.done()
            await host.know(made)
            assert said(await waiting)

    asyncio.run(run())


def test_a_broken_start_is_told_to_all_who_wait(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosting(function("f", tmp_path / "f", "import nothing_like_it\n")) as host:
            outcomes = await asyncio.gather(*(host.invoke("f") for _ in range(50)))
            assert {type(each) for each in outcomes} == {Errored}

    asyncio.run(run())


def test_a_function_sees_its_own_variables_and_none_of_ours(tmp_path: Path) -> None:
    async def run() -> None:
        mine = {
            "TABLE": Secret("users"),
            "AWS_ACCESS_KEY_ID": Secret("AKIAMINE"),
            "AWS_LAMBDA_RUNTIME_API": Secret("evil:1"),
            "_HANDLER": Secret("other.handler"),
        }
        made = function("f", tmp_path / "f", ENVIRONMENT, environment=mine)
        async with hosting(made) as host:
            told = said(await host.invoke("f"))
        assert told["TABLE"] == "users"
        assert "AWS_ACCESS_KEY_ID" not in told, "it works as nobody"
        assert told["AWS_REGION"] == told["AWS_DEFAULT_REGION"] == REGION
        assert told["AWS_LAMBDA_RUNTIME_API"] != "evil:1"
        assert told["_HANDLER"] == "main.handler"
        assert not [name for name in told if "BARGATE" in name]

    asyncio.run(run())


def test_a_role_that_is_not_there_is_not_worked_as(tmp_path: Path) -> None:
    async def run() -> None:
        made = function("f", tmp_path / "f", PID, role="nobody")
        async with hosting(made) as host:
            outcome = await host.invoke("f", invoker=BY_API)
            assert refused(outcome) == "denied"

    asyncio.run(run())


def test_local_functions_are_listed_reloaded_and_kept_over_a_restart(
    tmp_path: Path, run_dir: Path
) -> None:
    code, data = tmp_path / "code", tmp_path / "data"
    code.mkdir()
    (code / "main.py").write_text("def handler(event, context):\n    return 1\n")
    given = ("--function", f"one={code}:main.handler", "--function-env", "one:TABLE=users")
    with installation(*given, "--workers", "1", folder=data, run_dir=run_dir) as running:
        lambdas = running.client("lambda")
        (first,) = lambdas.list_functions()["Functions"]
        assert first["Environment"]["Variables"] == {"TABLE": "users"}
        assert lambdas.invoke(FunctionName="one")["Payload"].read() == b"1"
    with installation(*given, "--workers", "1", folder=data, run_dir=run_dir) as running:
        (second,) = running.client("lambda").list_functions()["Functions"]
        assert second["RevisionId"] == first["RevisionId"]
        assert second["LastModified"] == first["LastModified"]
    with installation("--workers", "1", folder=data, run_dir=run_dir) as running:
        assert running.client("lambda").list_functions()["Functions"] == []


def test_what_could_not_be_run_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("")
    wrong = {
        "x": "is not of the form",
        "bad name=.:main.handler": "1 to 64 letters",
        f"f={tmp_path}/nowhere:main.handler": "there is no folder",
        f"f={tmp_path}:other.handler": "has no file for the handler",
        f"f={tmp_path}:handler": "looks like module.function",
        f"f={tmp_path}:../main.handler": "must lie in",
        "f=url:ftp://example.com": "http or https",
    }
    for option, text in wrong.items():
        answer = bargate("serve", "--function", option)
        assert answer.returncode == 2, option
        assert text in " ".join(answer.stderr.split()), answer.stderr
    twice = f"f={tmp_path}:main.handler"
    assert "named twice" in bargate("serve", "--function", twice, "--function", twice).stderr
    lost = bargate("serve", "--function", twice, "--function-timeout", "g=3").stderr
    assert "there is no --function g" in lost
    for variable in ("B", "1ST", "AWS_REGION"):
        unset = bargate("serve", "--function", twice, "--function-env", f"f:{variable}=x")
        assert unset.returncode == 2, variable
        assert "none that Lambda sets itself" in " ".join(unset.stderr.split()), unset.stderr
