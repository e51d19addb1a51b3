"""AWS's own clients work as a role under `bargate run`, and nobody else gets its credentials."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from e2e.control.installation import Running, deployed_api, installation, is_alive, trust, until
from e2e.control.test_clients import AWS, CLIENTS, missing
from e2e.workload.workloads import (
    PROGRAMS,
    TRUST,
    command,
    environment,
    finished,
    line_of,
    make_role,
    working,
)

IDENTITY = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
WAITING = "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(60)"
WORKER = "arn:aws:sts::000000000000:assumed-role/worker/"


@pytest.fixture(scope="module")
def bargate(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("installation") / "data"
    with installation("--workers", "2", folder=folder, run_dir=run_dir) as running:
        make_role(running, "worker")
        yield running


@pytest.fixture(scope="module")
def url(bargate: Running) -> str:
    api = deployed_api(bargate)
    return f"http://127.0.0.1:{bargate.gateway.port}{api.path}"


def summary_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Let a workload end, as an operator would; gives what it says at its end."""
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    told: dict[str, Any] = json.loads(output.splitlines()[-1])
    return told


def test_boto3_goes_on_through_rotations_and_a_killed_control_process(
    bargate: Running, url: str
) -> None:
    arguments = ("--role", "worker", "--refresh-every", "1", "--", sys.executable)
    with working(bargate, *arguments, str(PROGRAMS / "keep_calling.py"), url) as process:
        keys = {line_of(process) for _ in range(2)}
        os.kill(bargate.control_id, signal.SIGKILL)
        keys |= {line_of(process) for _ in range(2)}
        told = summary_of(process)
    assert len(keys) == 4
    told_of = bargate.gateway.wait_for_error(r"a workload assumed (\S+) as (\S+)")
    assert told_of.group(1) == "arn:aws:iam::000000000000:role/worker"
    assert told_of.group(2).startswith(WORKER)
    assert keys <= set(told["keys"])
    assert told["statuses"].keys() == {"200"}, told["statuses"]
    assert told["statuses"]["200"] > 100


def test_the_sdk_for_javascript_goes_on_through_rotations(bargate: Running, url: str) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    arguments = ("--role", "worker", "--refresh-every", "1", "--session-name", "script", "--")
    with working(bargate, *arguments, "node", str(CLIENTS / "keep_calling.mjs"), url) as process:
        keys = {line_of(process) for _ in range(3)}
        told = summary_of(process)
    assert len(keys) == 3
    assert told["arn"] == f"{WORKER}script"
    assert told["statuses"].keys() == {"200"}, told["statuses"]


def test_the_aws_cli_works_as_the_role(bargate: Running, tmp_path: Path) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    asking = ("sts", "get-caller-identity", "--query", "Arn", "--output", "text")
    done = finished(bargate, "run", "--role", "worker", "--", str(AWS), *asking)
    assert done.stdout.startswith(WORKER), done.stderr
    config = tmp_path / "config"
    process = " ".join(command("credentials", "--role", "worker", "--session-name", "laptop"))
    config.write_text(
        f"[default]\nregion = us-east-1\nendpoint_url = {bargate.endpoint}\n"
        f"credential_process = {process}\n"
    )
    by_process = subprocess.run(
        [str(AWS), *asking],
        capture_output=True,
        text=True,
        env=environment(bargate, AWS_CONFIG_FILE=str(config), HOME=str(tmp_path)),
        timeout=60,
        check=False,
    )
    assert by_process.stdout.strip() == f"{WORKER}laptop", by_process.stderr


def test_other_credentials_do_not_come_first(bargate: Running, tmp_path: Path) -> None:
    files = tmp_path / ".aws"
    files.mkdir()
    other = "aws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n"
    (files / "credentials").write_text(f"[default]\n{other}[p]\n{other}")
    (files / "config").write_text(f"[default]\n{other}")
    done = finished(
        bargate,
        *("run", "--role", "worker", "--", sys.executable, "-c", IDENTITY),
        HOME=str(tmp_path),
        AWS_ACCESS_KEY_ID="AKIAOTHER",
        AWS_SECRET_ACCESS_KEY="other",
        AWS_SESSION_TOKEN="other",
        AWS_PROFILE="p",
        AWS_ROLE_ARN="arn:aws:iam::000000000000:role/other",
        AWS_WEB_IDENTITY_TOKEN_FILE="/dev/null",
    )
    assert done.stdout.startswith(WORKER), done.stderr


def test_a_shell_takes_credentials_as_variables(bargate: Running) -> None:
    lines = finished(bargate, "credentials", "--role", "worker", "--format", "env").stdout
    done = subprocess.run(
        ["sh", "-c", 'eval "$1"; exec "$2" -c "$3"', "sh", lines, sys.executable, IDENTITY],
        capture_output=True,
        text=True,
        env=environment(bargate, AWS_CONFIG_FILE="/dev/null"),
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith(WORKER), done.stderr


def test_only_the_workload_is_given_the_credentials(bargate: Running) -> None:
    with working(bargate, "--role", "worker", "--", sys.executable, "-c", WAITING) as process:
        told = json.loads(line_of(process))
        parts = urlsplit(told["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        assert parts.hostname == "127.0.0.1"
        assert parts.port is not None
        token, own = told["AWS_CONTAINER_AUTHORIZATION_TOKEN"], f"127.0.0.1:{parts.port}"

        def ask(*fields: tuple[str, str], method: str = "GET", path: str = parts.path) -> int:
            connection = http.client.HTTPConnection("127.0.0.1", parts.port or 0, timeout=10)
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in fields:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
            connection.close()
            assert (b"SecretAccessKey" in body) == (answer.status == 200)
            return answer.status

        host, authorization = ("Host", own), ("Authorization", token)
        assert ask(host, authorization) == 200
        assert ask(host) == 401
        assert ask(host, ("Authorization", "")) == 401
        assert ask(host, ("Authorization", token[:-1])) == 401
        assert ask(host, ("Authorization", f"Bearer {token}")) == 401
        assert ask(host, authorization, ("Authorization", "x")) == 401
        assert ask(authorization) == 421
        assert ask(("Host", f"attacker.example:{parts.port}"), authorization) == 421
        assert ask(("Host", "127.0.0.1"), authorization) == 421
        assert ask(host, ("Host", "attacker.example"), authorization) == 421
        assert ask(host, authorization, path="/") == 404
        assert ask(host, authorization, path=f"{parts.path}/../credentials") == 404
        assert ask(host, authorization, path=f"http://{own}{parts.path}") == 404
        assert ask(host, authorization, method="POST") == 405
        assert ask(host, ("X", "x" * 20_000), authorization) == 400
        held = {name for name in told if name.startswith("AWS_") and "KEY" in name}
        assert not held, "no key is in the environment"


def test_a_workload_ends_with_its_command_and_with_us(bargate: Running) -> None:
    def code(*of: str) -> int:
        return finished(bargate, "run", "--role", "worker", "--", *of).returncode

    assert code("sh", "-c", "exit 7") == 7
    assert code("sh", "-c", "kill -TERM $$") == 143
    assert code("/does/not/exist") == 127
    assert code("/") == 126
    program = f"import os; print(os.getpid(), flush=True); {WAITING}"
    with working(bargate, "--role", "worker", "--", sys.executable, "-c", program) as process:
        child = int(line_of(process))
        port = urlsplit(json.loads(line_of(process))["AWS_CONTAINER_CREDENTIALS_FULL_URI"]).port
        process.kill()
        process.wait(10)
        until(lambda: not is_alive(child))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port or 0), 1)


def test_a_role_that_does_not_trust_tasks_is_refused(bargate: Running) -> None:
    def refused(*arguments: str) -> str:
        done = finished(bargate, "run", *arguments, "--", "echo", "ran")
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        return done.stderr

    for name, document in (
        ("of-users", trust("arn:aws:iam::000000000000:root")),
        ("of-functions", TRUST.replace("ecs-tasks", "lambda")),
        ("of-another", TRUST.replace("000000000000", "111111111111")),
        ("denied", TRUST.replace('"Effect": "Allow"', '"Effect": "Deny"')),
    ):
        make_role(bargate, name, document)
        text = refused("--role", name)
        assert f"The trust policy of the role {name} does not let ecs-tasks.amazonaws.com" in text
        assert '"Principal": {"Service": "ecs-tasks.amazonaws.com"}' in text
    assert "has no role 'nobody'" in refused("--role", "nobody")
    assert "has no role 'worker'" in refused("--role", "worker", "--account", "111111111111")
    assert "MaxSessionDuration" in refused("--role", "worker", "--duration", "7200")
    assert "A session name" in refused("--role", "worker", "--session-name", "a/b")


def test_a_run_directory_that_others_may_enter_is_refused(bargate: Running, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = finished(bargate, "credentials", "--role", "worker", BARGATE_RUN_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "mode 0700" in done.stderr
    tmp_path.chmod(0o700)
    done = finished(bargate, "credentials", "--role", "worker", BARGATE_RUN_DIR=str(tmp_path))
    assert "no installation of this user is running" in done.stderr


def test_a_deleted_role_ends_its_credentials(bargate: Running, url: str) -> None:
    make_role(bargate, "leaving")
    arguments = ("--role", "leaving", "--", sys.executable, str(PROGRAMS / "keep_calling.py"), url)
    with working(bargate, *arguments) as process:
        line_of(process)
        iam = bargate.client("iam")
        iam.delete_role_policy(RoleName="leaving", PolicyName="p")
        iam.delete_role(RoleName="leaving")
        again = finished(bargate, "credentials", "--role", "leaving")
        assert "has no role 'leaving'" in again.stderr
        make_role(bargate, "leaving")  # is another one, whose credentials these are not
        told = summary_of(process)
    assert told["last"] == [403] * 4, told
