"""Throughput of the control plane, and how soon workers follow it, over real HTTP with IAM."""

import asyncio
import json
import os
import signal
import time
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bench.control_client import HTTP_REFUSED, Client, Connection, in_turn, rate_per_s
from bench.process import MeasureError, descendants
from bench.start import Started, part_of

_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "apigateway:*", "Resource": "arn:aws:apigateway:*::/*"},
        {"Effect": "Allow", "Action": ["iam:*User*", "iam:*Role*"], "Resource": "*"},
        {"Effect": "Allow", "Action": "sts:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:DeleteUser", "Resource": "arn:aws:iam::*:user/bench"},
    ],
}
_TIMEOUT_S = 10.0
_AT_ONCE = 40


class Load(NamedTuple):
    """Calls a second."""

    reads_per_s: float
    writes_per_s: float


class Change(NamedTuple):
    """A one-method change: how long CreateDeployment took, and until every worker followed it."""

    deployment_s: float
    enforced_s: float


async def bench_user(started: Started) -> Client:
    """Make an IAM user with a policy, and give its client: nothing is measured as root."""
    root = Client(started.endpoint, *started.keys())
    (*_, key) = await in_turn(
        root.host,
        (
            root.query("iam", "CreateUser", UserName="bench"),
            root.query(
                "iam",
                "PutUserPolicy",
                UserName="bench",
                PolicyName="bench",
                PolicyDocument=json.dumps(_POLICY),
            ),
            root.query("iam", "CreateAccessKey", UserName="bench"),
        ),
    )
    return Client(started.endpoint, key.element("AccessKeyId"), key.element("SecretAccessKey"))


async def control_plane_load(
    started: Started, reads: int = 6_000, writes: int = 2_000, clients: int = 16
) -> Load:
    """Measure mixed reads, then mixed writes, each a signed call of a user whom IAM checks."""
    client = await bench_user(started)
    (made,) = await in_turn(client.host, (client.rest("POST", "/restapis", {"name": "load"}),))
    api = made.json()
    reading = _reads(client, api)
    await in_turn(client.host, reading)
    reads_per_s = await rate_per_s(
        client.host, [reading[each % len(reading)] for each in range(reads)], clients
    )
    writes_per_s = await rate_per_s(client.host, _writes(client, api, writes), clients)
    return Load(reads_per_s, writes_per_s)


def _reads(client: Client, api: Any) -> list[bytes]:
    base = f"/restapis/{api['id']}"
    return [
        client.rest("GET", base),
        client.rest("GET", f"{base}/resources/{api['rootResourceId']}"),
        client.rest("GET", f"{base}/resources?limit=25"),
        client.query("iam", "GetUser", UserName="bench"),
        client.query("iam", "GetUserPolicy", UserName="bench", PolicyName="bench"),
        client.query("sts", "GetCallerIdentity"),
    ]


def _writes(client: Client, api: Any, count: int) -> list[bytes]:
    resources = f"/restapis/{api['id']}/resources/{api['rootResourceId']}"
    made = []
    for number in range(count):
        kind = number % 4
        if kind == 0:
            made.append(client.rest("POST", resources, {"pathPart": f"p{number}"}))
        elif kind == 1:
            made.append(client.query("iam", "CreateUser", UserName=f"u{number}"))
        elif kind == 2:
            made.append(client.rest("POST", "/apikeys", {"name": f"k{number}", "enabled": True}))
        else:
            made.append(client.rest("POST", "/restapis", {"name": f"a{number}"}))
    return made


async def routes_api(client: Client, routes: int) -> str:
    """Import a REST API of so many GET methods that need no key, deploy it; give its id."""
    response = {"statusCode": "200"}
    method = {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {"default": response},
        },
    }
    ids = await in_turn(client.host, (client.rest("POST", "/restapis", {"name": "routes"}),))
    api: str = ids[0].json()["id"]
    step = 2_000  # an import may have 6 MiB
    for first in range(0, routes, step):
        paths = {f"/r{n}": {"get": method} for n in range(first, min(first + step, routes))}
        document = {
            "openapi": "3.0.1",
            "info": {"title": "routes", "version": "1"},
            "paths": paths,
        }
        put = client.rest("PUT", f"/restapis/{api}?mode=merge", document)
        (answer,) = await in_turn(client.host, (put,))
        answer.json()
    deploy = client.rest("POST", f"/restapis/{api}/deployments", {"stageName": "prod"})
    (answer,) = await in_turn(client.host, (deploy,))
    answer.json()
    return api


async def route_change(started: Started, client: Client, api: str, runs: int = 3) -> list[Change]:
    """Switch one method between open and AWS_IAM, redeploy, and watch when all workers follow."""
    listing = client.rest("GET", f"/restapis/{api}/resources?limit=2")
    (answer,) = await in_turn(client.host, (listing,))
    resource = next(each for each in answer.json()["item"] if "pathPart" in each)
    url = f"/_api/{api}/prod{resource['path']}"
    changes = []
    for run in range(runs):
        wanted = ("AWS_IAM", 403) if run % 2 == 0 else ("NONE", 200)
        changes.append(await _change(started, client, (api, resource["id"], url), wanted))
    return changes


async def _change(
    started: Started, client: Client, where: tuple[str, str, str], wanted: tuple[str, int]
) -> Change:
    api, resource, url = where
    kind, status = wanted
    patch = {"patchOperations": [{"op": "replace", "path": "/authorizationType", "value": kind}]}
    await _sure(
        client, client.rest("PATCH", f"/restapis/{api}/resources/{resource}/methods/GET", patch)
    )
    deploy = client.rest("POST", f"/restapis/{api}/deployments", {"stageName": "prod"})
    connection = await Connection.to(client.host)
    begin_s = time.perf_counter()
    answer = await connection.send(deploy)
    answered_s = time.perf_counter()
    connection.close()
    answer.json()
    await _until(urlsplit(started.gateway).netloc, url, status)
    return Change(answered_s - begin_s, time.perf_counter() - answered_s)


async def _sure(client: Client, request: bytes) -> None:
    (answer,) = await in_turn(client.host, (request,))
    answer.json()


async def _until(host: str, url: str, status: int) -> None:
    """Wait until twenty new connections in a row, which both workers share, are answered so."""
    request = f"GET {url} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    deadline_s = time.perf_counter() + _TIMEOUT_S
    in_a_row = 0
    while in_a_row < 20:
        if time.perf_counter() > deadline_s:
            raise MeasureError(f"the change was not enforced within {_TIMEOUT_S:g} s")
        (answer,) = await in_turn(host, (request,))
        in_a_row = in_a_row + 1 if answer.status == status else 0


async def worker_back_s(started: Started, api: str) -> float:
    """Kill a worker that serves `routes_api`; give the seconds until all calls are answered again.

    Calls that come to its socket meanwhile wait for the process that takes its place.
    """
    host = urlsplit(started.gateway).netloc
    request = f"GET /_api/{api}/prod/r1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    victim = next(each for each in descendants(started.pid) if part_of(each) == "worker")
    begin_s = time.perf_counter()
    os.kill(victim, signal.SIGKILL)
    while victim in descendants(started.pid):  # noqa: ASYNC110  nothing tells a grandparent
        await asyncio.sleep(0.005)
    answers = await asyncio.gather(*(in_turn(host, (request,)) for _ in range(_AT_ONCE)))
    if any(answer.status >= HTTP_REFUSED for (answer,) in answers):
        raise MeasureError("a call was refused while a worker was started again")
    return time.perf_counter() - begin_s
