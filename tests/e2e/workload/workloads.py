"""`bargate run` and `bargate credentials` as an operator starts them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from e2e.control.installation import Running, allow

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}},
            }
        ],
    }
)


def environment(bargate: Running, **more: str) -> dict[str, str]:
    """Give an environment in which the installation is found."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "BARGATE_RUN_DIR": str(bargate.gateway.run_dir), **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bargate", *arguments]


def finished(bargate: Running, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a subcommand to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env=environment(bargate, **more),
        timeout=60,
        check=False,
    )


@contextlib.contextmanager
def working(bargate: Running, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a workload until the block ends."""
    process = subprocess.Popen(
        command("run", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(bargate),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def make_role(bargate: Running, name: str, trust: str = TRUST) -> Any:
    """Make a role that may call every API."""
    iam = bargate.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allow("execute-api:Invoke"))
    return made["Role"]


def line_of(process: subprocess.Popen[str]) -> str:
    """Read one line that a workload prints."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.stderr.read() if process.stderr and process.poll() is not None else ""
    return line


PROGRAMS = Path(__file__).parent / "programs"
