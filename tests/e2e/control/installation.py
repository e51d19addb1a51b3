"""A running installation as its users meet it: AWS clients on the endpoint, callers at the gateway.

with installation("--data", str(folder), run_dir=run_dir) as bargate:
    api = deployed_api(bargate)                     # a REST API with IAM authorization
    assert bargate.call(api.path, sign=bargate.root).status == 200
"""

from __future__ import annotations

import configparser
import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from serving import Answer, Gateway

REGION = "us-east-1"
DEADLINE_S = 10.0


@dataclass(frozen=True)
class Key:
    """Credentials, temporary ones with a token."""

    id: str
    secret: str
    token: str | None = None

    @classmethod
    def of(cls, answered: dict[str, str]) -> Key:
        """Read CreateAccessKey's or STS's answer."""
        return cls(
            answered["AccessKeyId"], answered["SecretAccessKey"], answered.get("SessionToken")
        )


class Running:
    """A gateway with its AWS endpoint; `folder` is the --data of it."""

    def __init__(self, gateway: Gateway, folder: Path | None) -> None:
        self.gateway = gateway
        self.folder = folder
        self.endpoint = gateway.endpoint
        self._clients: list[Any] = []

    @property
    def root(self) -> Key:
        """The key that the first start wrote for the account's root user."""
        assert self.folder is not None
        return credentials_in(self.folder)

    @property
    def endpoint_port(self) -> int:
        return int(self.endpoint.rpartition(":")[2])

    def client(self, service: str, key: Key | None = None) -> Any:
        """Make a boto3 client that tries once."""
        key = key or self.root
        client = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self.endpoint,
            aws_access_key_id=key.id,
            aws_secret_access_key=key.secret,
            aws_session_token=key.token,
            config=Config(retries={"max_attempts": 0}, parameter_validation=False, read_timeout=30),
        )
        self._clients.append(client)
        return client

    def call(
        self,
        path: str,
        *,
        sign: Key | None = None,
        method: str = "GET",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Call the gateway, signed with a key if one is given."""
        headers = dict(headers or {})
        if sign is not None:
            headers |= signature(f"http://127.0.0.1:{self.gateway.port}{path}", sign, method)
        return self.gateway.call(method, path, headers)

    def close(self) -> None:
        for client in self._clients:
            client.close()

    # Processes, found through /proc as an operator would.

    @property
    def control_id(self) -> int:
        return self._children("bargate.control.process")[0]

    @property
    def worker_ids(self) -> list[int]:
        return self._children("bargate.gateway.worker")

    @property
    def child_ids(self) -> list[int]:
        return self._children("")

    def _children(self, module: str) -> list[int]:
        parent = self.gateway.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        found = []
        for child in children:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if module in Path(f"/proc/{child}/cmdline").read_text():
                    found.append(int(child))
        return found


def credentials_in(folder: Path) -> Key:
    """Read DIR/credentials."""
    parser = configparser.ConfigParser()
    parser.read_string((folder / "credentials").read_text())
    section = parser["default"]
    return Key(section["aws_access_key_id"], section["aws_secret_access_key"])


@contextlib.contextmanager
def installation(
    *arguments: str,
    folder: Path | None = None,
    run_dir: Path,
    environment: dict[str, str] | None = None,
) -> Iterator[Running]:
    """Run an installation until the block ends, on free ports."""
    data = ("--data", str(folder)) if folder is not None else ()
    gateway = Gateway(*data, *arguments, run_dir=run_dir, environment=environment)
    running = Running(gateway, folder)
    try:
        yield running
    finally:
        running.close()
        gateway.stop()


def signature(url: str, key: Key, method: str = "GET") -> dict[str, str]:
    """Sign a request as botocore does; gives the headers that it adds."""
    request = AWSRequest(method, url)
    SigV4Auth(Credentials(key.id, key.secret, key.token), "execute-api", REGION).add_auth(request)
    return dict(request.headers.items())


def allow(action: str = "*", resource: str = "*", **statement: Any) -> str:
    """Write a policy of one statement."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **statement}],
        }
    )


def trust(principal: str) -> str:
    """Write the trust policy of a role."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
            ],
        }
    )


@dataclass(frozen=True)
class Api:
    """A deployed API; `path` is where the gateway serves its stage."""

    id: str
    root_id: str
    stage: str = "prod"

    @property
    def path(self) -> str:
        return f"/_api/{self.id}/{self.stage}"


def deployed_api(running: Running, key: Key | None = None, answer: str = '{"ok":true}') -> Api:
    """Make and deploy a REST API whose one method wants IAM and answers by itself.

    It is served when this returns: a deployment is answered before workers have it, and a control
    process that is killed in between tells them only when it is back.
    """
    client = running.client("apigateway", key)
    made = client.create_rest_api(name="pets")
    api = Api(made["id"], made["rootResourceId"])
    put_mock(client, api, answer)
    client.create_deployment(restApiId=api.id, stageName=api.stage)
    until(lambda: all(is_known(running, api) for _ in range(8)))  # new connections: any worker
    return api


def is_known(running: Running, api: Api) -> bool:
    """Say whether a worker knows an API, by how it refuses an unsigned call."""
    return b"Missing Authentication Token" in running.call(api.path).body


def put_mock(client: Any, api: Api, answer: str, authorization: str = "AWS_IAM") -> None:
    """Let GET on the root of an API answer a text, once it is deployed."""
    where = {"restApiId": api.id, "resourceId": api.root_id, "httpMethod": "GET"}
    client.put_method(**where, authorizationType=authorization)
    client.put_integration(
        **where, type="MOCK", requestTemplates={"application/json": '{"statusCode":200}'}
    )
    client.put_method_response(**where, statusCode="200")
    client.put_integration_response(
        **where, statusCode="200", responseTemplates={"application/json": answer}
    )


def user_key(iam: Any, name: str, policy: str | None = None) -> Key:
    """Make a user with a key, and a policy if one is given."""
    iam.create_user(UserName=name)
    if policy is not None:
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    return Key.of(iam.create_access_key(UserName=name)["AccessKey"])


def until(is_so: Callable[[], bool], within_s: float = DEADLINE_S) -> None:
    """Wait for something that nobody announces."""
    deadline_s = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"not within {within_s:g} s"
        time.sleep(0.02)


def is_alive(process_id: int) -> bool:
    """Say whether a process runs (one that nobody has waited for yet does not)."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return re.sub(r".*\) ", "", state).split()[0] not in {"Z", "X"}


@dataclass
class Spread:
    """Times in milliseconds; `str` gives what a report wants of them."""

    times_ms: list[float] = field(default_factory=list)

    @property
    def median_ms(self) -> float:
        return sorted(self.times_ms)[len(self.times_ms) // 2]

    def __str__(self) -> str:
        return f"median {self.median_ms:.1f} ms, worst {max(self.times_ms):.1f} ms"
