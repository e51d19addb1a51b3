"""Functions made by an AWS client and run: code changed is code run, and all survives a restart."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from e2e.control.installation import Running, allow, installation, until, user_key
from serving import Backend

ECHO = """
import os
def handler(event, context):
    print("ran for", event)
    return {"event": event, "name": context.function_name, "greeting": os.environ["GREETING"]}
"""
WHO = """
import boto3
def handler(event, context):
    return boto3.client("sts").get_caller_identity()["Arn"]
"""
CALLS_BACK = """
import urllib.request
def handler(event, context):
    urllib.request.urlopen(event).read()
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


def package(text: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("app.py", text)
    return data.getvalue()


def made(bargate: Running, name: str, text: str, **more: Any) -> dict[str, Any]:
    """Make a function that works as the role `runs`."""
    iam = bargate.client("iam")
    try:
        role = iam.create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="runs")
    return bargate.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="app.handler",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": package(text)},
        **more,
    )


def invoked(bargate: Running, name: str, event: Any = None, **more: Any) -> Any:
    """Invoke a function, which must succeed; gives what it returned."""
    payload = json.dumps(event).encode()
    answer = bargate.client("lambda").invoke(FunctionName=name, Payload=payload, **more)
    given = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, given
    return given


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("functions") / "data"
    with installation("--workers", "2", folder=folder, run_dir=run_dir) as running:
        yield running


def test_a_function_runs_as_soon_as_it_is_made(bargate: Running) -> None:
    made(bargate, "echo", ECHO, Environment={"Variables": {"GREETING": "hello"}})
    answer = bargate.client("lambda").invoke(
        FunctionName="echo", Payload=b'{"a":[1,"\\u00e9"]}', LogType="Tail"
    )
    assert json.loads(answer["Payload"].read()) == {
        "event": {"a": [1, "é"]}, "name": "echo", "greeting": "hello",
    }  # fmt: skip
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert b"ran for" in base64.b64decode(answer["LogResult"])


def test_code_that_was_changed_is_code_that_runs(bargate: Running) -> None:
    functions = bargate.client("lambda")
    made(bargate, "changes", "def handler(event, context):\n    return 0\n")
    for number in range(1, 6):
        text = f"def handler(event, context):\n    return {number}\n"
        functions.update_function_code(FunctionName="changes", ZipFile=package(text))
        assert invoked(bargate, "changes") == number
    functions.update_function_configuration(
        FunctionName="changes", Environment={"Variables": {"GREETING": "now"}}
    )
    functions.update_function_code(FunctionName="changes", ZipFile=package(ECHO))
    assert invoked(bargate, "changes")["greeting"] == "now"


def test_a_version_runs_what_it_was_published_with(bargate: Running) -> None:
    functions = bargate.client("lambda")
    made(bargate, "versions", "def handler(event, context):\n    return 1\n", Publish=True)
    functions.create_alias(FunctionName="versions", Name="live", FunctionVersion="1")
    two = package("def handler(event, context):\n    return 2\n")
    functions.update_function_code(FunctionName="versions", ZipFile=two, Publish=True)
    assert [invoked(bargate, f"versions:{q}") for q in ("1", "2", "live", "$LATEST")] == [1, 2, 1, 2]  # fmt: skip
    functions.update_alias(FunctionName="versions", Name="live", FunctionVersion="2")
    assert invoked(bargate, "versions", Qualifier="live") == 2


def test_an_alias_shares_its_calls_out(bargate: Running) -> None:
    functions = bargate.client("lambda")
    made(bargate, "shared", "def handler(event, context):\n    return 1\n", Publish=True)
    text = "def handler(event, context):\n    return 2\n"
    functions.update_function_code(FunctionName="shared", ZipFile=package(text), Publish=True)
    functions.create_alias(
        FunctionName="shared",
        Name="both",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    for weight, ran in ((0.5, {1, 2}), (1.0, {2}), (0.0, {1})):
        functions.update_alias(
            FunctionName="shared",
            Name="both",
            RoutingConfig={"AdditionalVersionWeights": {"2": weight}},
        )
        # forty calls of one version by chance: once in 2^39
        assert {invoked(bargate, "shared", Qualifier="both") for _ in range(40)} == ran


def test_a_function_works_as_its_role(bargate: Running) -> None:
    made(bargate, "who", WHO, Timeout=20)
    assert invoked(bargate, "who") == "arn:aws:sts::000000000000:assumed-role/runs/who"


def test_an_error_is_told_as_aws_tells_it(bargate: Running) -> None:
    made(bargate, "fails", "def handler(event, context):\n    raise ValueError('no')\n")
    answer = bargate.client("lambda").invoke(FunctionName="fails")
    told = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert (told["errorType"], told["errorMessage"]) == ("ValueError", "no")


def test_who_may_not_invoke_does_not(bargate: Running) -> None:
    made(bargate, "mine", "def handler(event, context):\n    return 1\n")
    key = user_key(bargate.client("iam"), "nobody", allow("lambda:GetFunction"))
    with pytest.raises(ClientError, match="not authorized to perform: lambda:InvokeFunction"):
        bargate.client("lambda", key).invoke(FunctionName="mine")


def test_concurrency_of_none_runs_nothing(bargate: Running) -> None:
    functions = bargate.client("lambda")
    made(bargate, "none", "def handler(event, context):\n    return 1\n")
    functions.put_function_concurrency(FunctionName="none", ReservedConcurrentExecutions=0)

    def is_throttled() -> bool:
        try:
            functions.invoke(FunctionName="none")
        except functions.exceptions.TooManyRequestsException:
            return True
        return False

    until(is_throttled)


def test_an_event_is_run_later(bargate: Running, origin: Backend) -> None:
    functions = bargate.client("lambda")
    made(bargate, "later", CALLS_BACK, Timeout=20)
    payload = json.dumps(f"http://127.0.0.1:{origin.port}/later").encode()
    answer = functions.invoke(FunctionName="later", InvocationType="Event", Payload=payload)
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    until(lambda: [each.target for each in origin.received] == ["/later"])


def test_functions_survive_a_killed_control_process_and_a_restart(
    tmp_path: Path, run_dir: Path
) -> None:
    folder = tmp_path / "data"
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        made(running, "stays", ECHO, Environment={"Variables": {"GREETING": "still-secret"}})
        os.kill(running.control_id, signal.SIGKILL)
        # the next call waits at the socket, which the supervisor holds
        assert invoked(running, "stays")["greeting"] == "still-secret"
        (file,) = (folder / "functions").glob("*.zip")
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        assert file.exists()
        assert invoked(running, "stays")["greeting"] == "still-secret"
        kept = [each for each in folder.rglob("*") if each.is_file()]
        assert {"bargate.db", "bargate.db-wal"} <= {each.name for each in kept}
        assert not [each for each in kept if b"still-secret" in each.read_bytes()]
