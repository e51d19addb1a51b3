"""AWS's own clients, unchanged: each makes an API with IAM authorization and calls it, signed.

All they are told is AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE of the data folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from e2e.control.installation import Running
from serving import Backend

PROGRAMS = Path(__file__).parent / "programs"
CLIENTS = Path(__file__).parents[2] / "clients"
AWS = CLIENTS / ".venv" / "bin" / "aws"
PYTHON_CLIENT = (sys.executable, str(PROGRAMS / "boto3_session.py"))
BASH_CLIENT = ("bash", str(PROGRAMS / "aws_session.sh"))
NODE_CLIENT = ("node", str(CLIENTS / "session.mjs"))

# What every session prints: what the gateway answered to whom.
EXPECTED = {
    "unsigned": [403, "Missing Authentication Token"],
    "root": [200, None],
    "allowed": [200, None],
    "temporary": [200, None],
    "wrong secret": [403, "The request signature we calculated does not match"],
    "unknown key": [403, "The security token included in the request is invalid."],
    "not allowed": [403, "User: arn:aws:iam::000000000000:user/"],
}


def missing(reason: str) -> None:
    """Skip where clients may be missing, fail where they must be there."""
    text = f"{reason}; run tests/clients/install"
    if os.environ.get("CI") == "true":
        pytest.fail(text)
    pytest.skip(text)


def environment_of(bargate: Running) -> dict[str, str]:
    """Give what a client is told: where the root user's files are."""
    assert bargate.folder is not None
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    return environment | {
        "AWS_CONFIG_FILE": str(bargate.folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(bargate.folder / "credentials"),
    }


def run(bargate: Running, origin: Backend, program: tuple[str, ...], *kind: str) -> dict[str, Any]:
    """Run a session of a client; gives what it says of each kind of call."""
    gateway = f"http://127.0.0.1:{bargate.gateway.port}"
    done = subprocess.run(
        [*program, gateway, *kind, f"http://127.0.0.1:{origin.port}"],
        capture_output=True,
        text=True,
        env=environment_of(bargate),
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check(told: dict[str, Any], expected: dict[str, list[Any]]) -> None:
    """Hold what a session tells against what it must have met."""
    assert told.keys() == expected.keys()
    for name, (status, text) in expected.items():
        assert told[name]["status"] == status, (name, told[name])
        if text is None:
            assert json.loads(told[name]["body"]) == {"ok": True}, name
        else:
            (message,) = json.loads(told[name]["body"]).values()
            assert message.startswith(text), (name, told[name])


def test_boto3_makes_a_rest_api_and_calls_it(bargate: Running, origin: Backend) -> None:
    check(run(bargate, origin, PYTHON_CLIENT, "rest"), EXPECTED)


def test_boto3_makes_an_http_api_and_calls_it(bargate: Running, origin: Backend) -> None:
    """HTTP APIs tell of every refusal no more than Forbidden."""
    forbidden = {
        name: [status, None if status == 200 else "Forbidden"]
        for name, (status, _) in EXPECTED.items()
    }
    check(run(bargate, origin, PYTHON_CLIENT, "http"), forbidden)


def test_the_aws_cli_makes_a_rest_api_and_curl_calls_it(bargate: Running, origin: Backend) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    if shutil.which("curl") is None:
        missing("curl is not installed")
    check(run(bargate, origin, (*BASH_CLIENT, str(AWS))), EXPECTED)


@pytest.mark.parametrize("kind", ["rest", "http"])
def test_the_sdk_for_javascript_makes_an_api_and_calls_it(
    bargate: Running, origin: Backend, kind: str
) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    forbidden = {
        name: [status, None if status == 200 else "Forbidden"]
        for name, (status, _) in EXPECTED.items()
    }
    check(run(bargate, origin, NODE_CLIENT, kind), EXPECTED if kind == "rest" else forbidden)
