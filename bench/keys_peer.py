"""Bargate with API keys on a usage plan, made and imported as a tenant does, and used in turn.

serve --data ──► boto3: ImportRestApi, CreateUsagePlan, ImportApiKeys ──► wrk
                                                         every key in turn
"""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from bench import documents
from bench.ask import ask_until
from bench.iam_peer import announced, client, command
from bench.load import Request
from bench.process import GATEWAY_CORE, running, running_module
from bench.testbed import Gateway, Testbed

FEW, MANY, MOST = 100, 10_000, 100_000
# So much that nothing is ever refused, and everything is counted.
_THROTTLE = {"rateLimit": 1_000_000.0, "burstLimit": 1_000_000}
_QUOTA = {"limit": 1_000_000_000, "period": "MONTH"}
_IMPORTED_AT_ONCE = 10_000


@contextmanager
def _keys(testbed: Testbed, count: int) -> Iterator[Gateway]:
    """Serve a method that requires one of `count` API keys, each on a plan with rate and quota."""
    home = testbed.work / f"bargate-keys-{count}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    log = testbed.work / f"bargate-keys-{count}.log"
    with running(command(home), core=GATEWAY_CORE, log=log) as process:
        port, endpoint = announced(process, log)
        path = f"/_api/{make_keys(home, endpoint, testbed.backend_port, count)}/prod/pets/1"
        request = Request(path, (header(0),), signed=written(path, count, home / "keys.txt"))
        ask_until(port, request, 200)
        worker = running_module(process.pid, "bargate.gateway.worker")
        yield Gateway(process.pid, port, request, (Request(path, (header(count),)), 403), worker)
    shutil.rmtree(home, ignore_errors=True)


few = partial(_keys, count=FEW)
many = partial(_keys, count=MANY)
most = partial(_keys, count=MOST)


def key(number: int) -> str:
    """Give the value of a key."""
    return f"bench-key-{number:020d}"


def make_keys(home: Path, endpoint: str, backend_port: int, count: int) -> str:
    """Deploy an API and import keys on a plan of it; give the API's id."""
    apigateway = client("apigateway", home, endpoint)
    document = documents.keyed_route(backend_port)
    api_id: str = apigateway.import_rest_api(body=json.dumps(document))["id"]
    apigateway.create_deployment(restApiId=api_id, stageName=documents.STAGE)
    plan = apigateway.create_usage_plan(
        name="bench",
        apiStages=[{"apiId": api_id, "stage": documents.STAGE}],
        throttle=_THROTTLE,
        quota=_QUOTA,
    )
    for first in range(0, count, _IMPORTED_AT_ONCE):
        numbers = range(first, min(first + _IMPORTED_AT_ONCE, count))
        apigateway.import_api_keys(body=_csv(numbers, plan["id"]), format="csv")
    return api_id


def _csv(numbers: range, plan_id: str) -> bytes:
    written = io.StringIO()
    rows: list[list[Any]] = [["Name", "Key", "Enabled", "UsagePlanIds"]]
    rows += [[f"key-{number}", key(number), "TRUE", plan_id] for number in numbers]
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def header(number: int) -> str:
    """Give the header line that carries a key."""
    return f"x-api-key: {key(number)}"


def written(path: str, count: int, file: Path) -> Path:
    """Write one request for each of `count` keys, for wrk."""
    file.write_text("\n".join(f"{path}\t{header(number)}" for number in range(count)))
    return file
