"""What functions cost: a cold start, an authorizer that is asked, and what is remembered of one.

one client, one connection ──► gateway (two workers' worth of cores, one worker) ──► backend
"""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench import documents, function_documents
from bench.bargate_peer import announced_port, command
from bench.function_peer import BASE
from bench.process import GATEWAY_CORE, MeasureError, rss_bytes, running, running_module
from bench.testbed import Testbed

COLD_START = "cold start of a Python function, ms"
UNCACHED = "Lambda authorizer that is asked, over an open route, p50, ms"
TOKENS = "1,000 remembered answers of a Lambda authorizer, MB"

_CALLS, _WARM_UP, _TOKENS = 400, 100, 1_000
_MB = 1e6


def function_figures(testbed: Testbed) -> dict[str, float]:
    """Measure everything. Raises `MeasureError`."""
    with _serving(testbed) as (port, worker):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        warm_s = _median_s(client, f"/{function_documents.FUNCTION}")
        cold_s = median(
            _timed(client, f"/{function_documents.COLD}{number}")
            for number in range(function_documents.COLD_FUNCTIONS)
        )
        added_s = _median_s(client, "/uncached/pets/1") - _median_s(client, "/open/pets/1")
        return {
            COLD_START: (cold_s - warm_s) * 1_000,
            UNCACHED: added_s * 1_000,
            TOKENS: _remembered_mb(client, worker),
        }


@contextmanager
def _serving(testbed: Testbed) -> Iterator[tuple[int, int]]:
    path = documents.write(
        function_documents.document(testbed.backend_port), testbed.work / "bargate-functions.json"
    )
    code = function_documents.write_code(testbed.work / "functions")
    log = testbed.work / "bargate-functions.log"
    options = ("--stage", documents.STAGE, *function_documents.options(code))
    with running(command(path, "off", *options), core=GATEWAY_CORE, log=log) as process:
        port = announced_port(process, log)
        yield port, running_module(process.pid, "bargate.gateway.worker")


def _median_s(client: http.client.HTTPConnection, path: str) -> float:
    for _ in range(_WARM_UP):
        _timed(client, path)
    return median(_timed(client, path) for _ in range(_CALLS))


def _remembered_mb(client: http.client.HTTPConnection, worker: int) -> float:
    """Give by how much the worker grows, once the first tokens made it as large as it must be."""
    _present(client, range(_WARM_UP))
    before = rss_bytes(worker)
    _present(client, range(_WARM_UP, _WARM_UP + _TOKENS))
    return (rss_bytes(worker) - before) / _MB


def _present(client: http.client.HTTPConnection, numbers: range) -> None:
    for number in numbers:
        _timed(client, "/cached/pets/1", f"{function_documents.TOKEN}-{number}")


def _timed(
    client: http.client.HTTPConnection, path: str, token: str = function_documents.TOKEN
) -> float:
    started_s = time.perf_counter()
    client.request("GET", BASE + path, headers={"Authorization": token})
    response = client.getresponse()
    response.read()
    if response.status != 200:
        raise MeasureError(f"{path} answered {response.status}")
    return time.perf_counter() - started_s
