"""AWS's own clients, unchanged, make functions and invoke them: the AWS CLI, the SDK for JavaScript.

All they are told is AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE of the data folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Running, installation
from e2e.control.test_clients import AWS, CLIENTS, environment_of, missing
from e2e.functions.test_lambda_api import ECHO, TRUST, package

ARN = "arn:aws:lambda:us-east-1:000000000000:function"


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("functions") / "data"
    with installation("--workers", "1", folder=folder, run_dir=run_dir) as running:
        yield running


@pytest.fixture(scope="module")
def role(bargate: Running) -> str:
    made = bargate.client("iam").create_role(RoleName="runs", AssumeRolePolicyDocument=TRUST)
    arn: str = made["Role"]["Arn"]
    return arn


def aws(bargate: Running, *arguments: str) -> Any:
    """Run the AWS CLI, which must succeed; gives what it prints as JSON."""
    done = subprocess.run(
        [str(AWS), "lambda", *arguments],
        capture_output=True,
        text=True,
        env=environment_of(bargate),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def test_the_aws_cli_makes_a_function_and_invokes_it(
    bargate: Running, role: str, tmp_path: Path
) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    archive, answer = tmp_path / "app.zip", tmp_path / "answer.json"
    archive.write_bytes(package(ECHO))
    made = aws(
        bargate, "create-function", "--function-name", "from-cli", "--runtime", "python3.11",
        "--handler", "app.handler", "--role", role, "--zip-file", f"fileb://{archive}",
        "--environment", "Variables={GREETING=hello}", "--tags", "team=a",
    )  # fmt: skip
    assert made["FunctionArn"] == f"{ARN}:from-cli"
    aws(bargate, "wait", "function-active-v2", "--function-name", "from-cli")
    invoked = aws(
        bargate, "invoke", "--function-name", "from-cli", "--payload", '{"a": 1}', str(answer)
    )
    assert invoked["StatusCode"] == 200
    told = {"event": {"a": 1}, "name": "from-cli", "greeting": "hello"}
    assert json.loads(answer.read_text()) == told
    aws(bargate, "publish-version", "--function-name", "from-cli")
    aws(
        bargate, "create-alias", "--function-name", "from-cli", "--name", "live",
        "--function-version", "1",
    )  # fmt: skip
    aws(
        bargate, "add-permission", "--function-name", "from-cli", "--qualifier", "live",
        "--statement-id", "s", "--action", "lambda:InvokeFunction",
        "--principal", "apigateway.amazonaws.com",
    )  # fmt: skip
    listed = aws(bargate, "list-functions")["Functions"]
    assert [each["FunctionName"] for each in listed] == ["from-cli"]
    assert aws(bargate, "list-tags", "--resource", f"{ARN}:from-cli")["Tags"] == {"team": "a"}
    aws(bargate, "delete-function", "--function-name", "from-cli")
    assert aws(bargate, "list-functions")["Functions"] == []


def test_the_sdk_for_javascript_makes_a_function_and_invokes_it(
    bargate: Running, role: str
) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    done = subprocess.run(
        ["node", str(CLIENTS / "functions.mjs"), role],
        input=package(ECHO),
        capture_output=True,
        env=environment_of(bargate) | {"HOME": os.environ.get("HOME", "/")},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "arn": f"{ARN}:from-javascript",
        "payload": {"event": {"a": 1}, "name": "from-javascript", "greeting": "hello"},
        "log": True,
        "version": "$LATEST",
        "principal": {"Service": "apigateway.amazonaws.com"},
        "versions": ["$LATEST", "1"],
        "missing": ["ResourceNotFoundException", f"Function not found: {ARN}:none", 404],
    }
