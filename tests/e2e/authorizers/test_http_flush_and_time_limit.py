"""Authorizers of deployed HTTP APIs: flushed in all workers, and not waited for without end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from e2e.control.installation import Running, installation, until
from serving import Backend

CODE = """
import os, time
from urllib.request import urlopen

def handler(event, context):
    urlopen(os.environ["COUNTER"]).read()
    if event["identitySource"] == ["hang"]:
        time.sleep(60)
    return {"isAuthorized": event["identitySource"] == ["yes"]}
"""
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:door"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
WORKERS = 2
LIMIT_S = 10.0  # AWS [D] apigw-evaluation §7.2


@dataclass
class Door:
    running: Running
    api_id: str
    asked: Callable[[], int]

    def status(self, token: str) -> int:
        """Call on a connection of its own, which any worker may take."""
        path = f"/_api/{self.api_id}/pets"
        return self.running.call(path, headers={"X-Door": token}).status


def deployed(running: Running, origin: Backend) -> str:
    client = running.client("apigatewayv2")
    api_id = str(client.create_api(Name="doors", ProtocolType="HTTP")["ApiId"])
    authorizer = client.create_authorizer(
        ApiId=api_id,
        Name="door",
        AuthorizerType="REQUEST",
        AuthorizerUri=URI,
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        IdentitySource=["$request.header.X-Door"],
        AuthorizerResultTtlInSeconds=300,
    )["AuthorizerId"]
    integration = client.create_integration(
        ApiId=api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"http://127.0.0.1:{origin.port}/reached",
        PayloadFormatVersion="1.0",
    )["IntegrationId"]
    client.create_route(
        ApiId=api_id,
        RouteKey="GET /pets",
        Target=f"integrations/{integration}",
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer,
    )
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    return api_id


@pytest.fixture(scope="module")
def door(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path, origin: Backend
) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("http-doors")
    code = folder / "code"
    code.mkdir()
    (code / "door.py").write_text(CODE)
    path = f"/asked-{uuid4()}"
    options = (
        *("--workers", str(WORKERS), "--function", f"door={code}:door.handler"),
        *("--function-env", f"door:COUNTER=http://127.0.0.1:{origin.port}{path}"),
        *("--function-timeout", "door=30"),
    )
    with installation(*options, folder=folder / "data", run_dir=run_dir) as running:
        api_id = deployed(running, origin)
        yield Door(running, api_id, lambda: sum(e.target == path for e in origin.received))


def test_a_reset_is_a_reset_of_all_workers(door: Door) -> None:
    def known_to_all(asked: int) -> bool:
        assert door.status("yes") == 200
        return door.asked() == asked

    before = door.asked()
    until(lambda: known_to_all(before + WORKERS))
    for _ in range(30):
        assert known_to_all(before + WORKERS)  # whichever worker it is, it remembers
    door.running.client("apigatewayv2").reset_authorizers_cache(
        ApiId=door.api_id, StageName="$default"
    )
    until(lambda: known_to_all(before + 2 * WORKERS))
    assert door.status("no") == 403


def test_a_function_that_hangs_is_given_up_and_disturbs_nobody(door: Door) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(door.status, "hang")
        until(lambda: door.status("yes") == 200)
        assert not hanging.done()
        assert hanging.result(timeout=LIMIT_S + 5) == 500
    assert LIMIT_S - 1 < time.monotonic() - began < LIMIT_S + 3
    assert door.status("yes") == 200
