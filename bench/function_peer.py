"""Bargate with Lambda functions: authorizers before a backend, and functions as backends.

The functions host and a function's process share the gateway's core with its worker.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from bench import documents, function_documents
from bench.ask import ask_until
from bench.bargate_peer import announced_port, command
from bench.load import Request
from bench.process import GATEWAY_CORE, running, running_module
from bench.testbed import Gateway, Testbed

BASE = f"/_api/{documents.API_ID}/{documents.STAGE}"
AUTHORIZED = (f"Authorization: {function_documents.TOKEN}",)


@contextmanager
def _functions(testbed: Testbed, name: str, request: Request) -> Iterator[Gateway]:
    path = documents.write(
        function_documents.document(testbed.backend_port), testbed.work / f"bargate-{name}.json"
    )
    code = function_documents.write_code(testbed.work / "functions")
    log = testbed.work / f"bargate-{name}.log"
    options = ("--stage", documents.STAGE, *function_documents.options(code))
    with running(command(path, "off", *options), core=GATEWAY_CORE, log=log) as process:
        port = announced_port(process, log)
        ask_until(port, request, 200)
        worker = running_module(process.pid, "bargate.gateway.worker")
        refused = Request(f"{BASE}/cached/pets/1", ("Authorization: nobody",)), 401
        yield Gateway(process.pid, port, request, refused, worker)


@contextmanager
def cached_authorizer(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a method behind a Lambda authorizer whose decision is remembered."""
    request = Request(f"{BASE}/cached/pets/1", AUTHORIZED)
    with _functions(testbed, "authorizer", request) as gateway:
        yield gateway


@contextmanager
def uncached_authorizer(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a method behind a Lambda authorizer that is asked for every call."""
    request = Request(f"{BASE}/uncached/pets/1", AUTHORIZED)
    with _functions(testbed, "uncached", request) as gateway:
        yield gateway


@contextmanager
def integration(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a method whose backend is a function."""
    request = Request(f"{BASE}/{function_documents.FUNCTION}")
    with _functions(testbed, "integration", request) as gateway:
        yield gateway
