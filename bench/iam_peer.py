"""Bargate with its AWS APIs: a method for signed callers, made and called as a tenant does.

    serve --data ──► boto3: ImportRestApi, CreateUser, CreateRole ──► AssumeRole ──► wrk
                                                                      a few hundred signed requests

Every request has another query, so each has another signature; all hold for five minutes.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from threading import Timer
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from bench import documents
from bench.ask import ask_until
from bench.load import Request
from bench.process import GATEWAY_CORE, MeasureError, last_line, running, running_module
from bench.testbed import Gateway, Testbed

REGION = "us-east-1"
ACCOUNT = "000000000000"

_START_TIMEOUT_S = 30.0
_READY = "bargate: gateway listening on http://"
_API_READY = "bargate: AWS endpoint listening on http://"
_REQUESTS = 500
_ROLE, _USER = "bench-caller", "bench-user"
_ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{_ROLE}"


@contextmanager
def signed_calls(testbed: Testbed) -> Iterator[Gateway]:
    """Serve an AWS_IAM method behind a resource policy of 20 statements, for a role's session."""
    home = testbed.work / "bargate-iam"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    log = testbed.work / "bargate-iam.log"
    with running(command(home), core=GATEWAY_CORE, log=log) as process:
        port, endpoint = announced(process, log)
        api_id = make_api(client("apigateway", home, endpoint), testbed.backend_port)
        session = assume_role(home, endpoint)
        path = f"/_api/{api_id}/{documents.STAGE}/pets/1"
        signed = [_signed(session, port, f"{path}?visit={n}") for n in range(_REQUESTS)]
        request = Request(signed[0][0], signed[0][1], signed=_written(signed, home / "signed.txt"))
        ask_until(port, request, 200)
        forged = (*signed[0][1][:-1], signed[1][1][-1])
        worker = running_module(process.pid, "bargate.gateway.worker")
        yield Gateway(process.pid, port, request, (Request(path, forged), 403), worker)


def command(home: Path) -> tuple[str, ...]:
    """Give the command that serves an installation in `home` with one worker, on free ports."""
    return (
        *(sys.executable, "-m", "bargate", "serve", "--data", str(home)),
        *("--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0"),
        *("--workers", "1", "--access-log", "off"),
    )


def announced(process: Popen[bytes], log: Path) -> tuple[int, str]:
    """Read standard output up to both ready lines; give the gateway's port and AWS's endpoint."""
    timer = Timer(_START_TIMEOUT_S, process.kill)
    timer.start()
    port = None
    try:
        for line in process.stdout or ():
            text = line.decode().strip()
            if text.startswith(_READY):
                port = int(text.rpartition(":")[2])
            if text.startswith(_API_READY) and port is not None:
                return port, text.partition(" on ")[2]
    finally:
        timer.cancel()
    raise MeasureError(f"did not start: {last_line(log)}")


def client(service: str, home: Path, endpoint: str, key: dict[str, str] | None = None) -> Any:
    """Make a boto3 client of an installation: its root user's, or one of another key."""
    if key is None:
        words = (home / "credentials").read_text().split()
        key = {
            "aws_access_key_id": words[words.index("aws_access_key_id") + 2],
            "aws_secret_access_key": words[words.index("aws_secret_access_key") + 2],
        }
    config = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, config=config, **key)


def make_api(apigateway: Any, backend_port: int) -> str:
    """Import and deploy the API; give its id."""
    document = documents.iam_route(backend_port, _ROLE_ARN)
    api_id = apigateway.import_rest_api(body=json.dumps(document))["id"]
    apigateway.create_deployment(restApiId=api_id, stageName=documents.STAGE)
    return str(api_id)


def assume_role(home: Path, endpoint: str) -> Credentials:
    """Make a user and a role with its policy; give the role's session that the user gets."""
    iam = client("iam", home, endpoint)
    user = iam.create_user(UserName=_USER)["User"]
    may = _document(Action="sts:AssumeRole", Resource=_ROLE_ARN)
    iam.put_user_policy(UserName=_USER, PolicyName="bench", PolicyDocument=may)
    trust = _document(Action="sts:AssumeRole", Principal={"AWS": user["Arn"]})
    iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=trust)
    policy = json.dumps(documents.identity_policy())
    iam.put_role_policy(RoleName=_ROLE, PolicyName="bench", PolicyDocument=policy)
    made = iam.create_access_key(UserName=_USER)["AccessKey"]
    key = {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
    }
    sts = client("sts", home, endpoint, key)
    found = sts.assume_role(RoleArn=_ROLE_ARN, RoleSessionName="load")["Credentials"]
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


def _signed(session: Credentials, port: int, path: str) -> tuple[str, tuple[str, ...]]:
    """Sign one request with botocore; give its path and header lines, Authorization last."""
    request = AWSRequest("GET", f"http://127.0.0.1:{port}{path}")
    SigV4Auth(session, "execute-api", REGION).add_auth(request)
    names = [name for name in request.headers if name.lower() != "authorization"]
    lines = tuple(f"{name}: {request.headers[name]}" for name in (*names, "Authorization"))
    return path, (f"Host: 127.0.0.1:{port}", "User-Agent: bench/1", *lines)


def _written(signed: list[tuple[str, tuple[str, ...]]], file: Path) -> Path:
    file.write_text("\n".join("\t".join((path, *lines)) for path, lines in signed))
    return file
