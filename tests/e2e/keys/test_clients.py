"""AWS's own clients, unchanged: each puts a key on a plan with a quota, and uses it up."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from e2e.control.installation import Running
from e2e.control.test_clients import AWS, CLIENTS, environment_of, missing
from e2e.keys.keyed import keyed_api

BASH_CLIENT = ("bash", str(Path(__file__).parent / "programs" / "keys.sh"))
NODE_CLIENT = ("node", str(CLIENTS / "keys.mjs"))

EXPECTED = """\
with: {"ok":true} 200
with: {"ok":true} 200
used up: {"message":"Limit Exceeded"} 429
without: {"message":"Forbidden"} 403
wrong: {"message":"Forbidden"} 403
usage: [[2,0]]
granted: {"ok":true} 200
"""


def run(bargate: Running, *program: str) -> str:
    gateway = f"http://127.0.0.1:{bargate.gateway.port}"
    done = subprocess.run(
        [*program, gateway, keyed_api(bargate).id],
        capture_output=True,
        text=True,
        env=environment_of(bargate),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_aws_cli_puts_a_key_on_a_plan_and_curl_uses_it_up(bargate: Running) -> None:
    if not AWS.exists():
        missing("the AWS CLI is not installed")
    if shutil.which("curl") is None:
        missing("curl is not installed")
    assert run(bargate, *BASH_CLIENT, str(AWS)) == EXPECTED


def test_the_sdk_for_javascript_puts_a_key_on_a_plan_and_uses_it_up(bargate: Running) -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules").exists():
        missing("the AWS SDK for JavaScript is not installed")
    assert run(bargate, *NODE_CLIENT) == EXPECTED
