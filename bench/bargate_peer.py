"""Bargate with one worker, serving one document a scenario."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from threading import Timer

from bench import documents
from bench.load import Request
from bench.process import GATEWAY_CORE, MeasureError, last_line, running
from bench.testbed import Gateway, Testbed, bearer

READY = "bargate: gateway listening on http://"

_START_TIMEOUT_S = 30.0
_BASE = f"/_api/{documents.API_ID}/{documents.STAGE}"
# The $default stage of an HTTP API has no name in the path.
_HTTP_API_BASE = f"/_api/{documents.API_ID}"


def command(document: Path, access_log: str, *options: str) -> tuple[str, ...]:
    """Give the command that serves one document with one worker on a free port."""
    fixed = ("--workers", "1", "--listen", "127.0.0.1:0", "--access-log", access_log)
    alone = ("--api-listen", "off")
    return (sys.executable, "-m", "bargate", "serve", str(document), *fixed, *alone, *options)


@contextmanager
def open_route(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a route that nothing protects, without an access log."""
    with _rest(testbed, "open", documents.open_route(testbed.backend_port)) as (pid, port):
        yield Gateway(pid, port, Request(f"{_BASE}/pets/1"), _unknown_path())


@contextmanager
def open_route_logged(testbed: Testbed) -> Iterator[Gateway]:
    """Serve the same route with an access log to a file."""
    log = testbed.work / "bargate-access.log"
    log.unlink(missing_ok=True)
    document = documents.open_route(testbed.backend_port)
    with _rest(testbed, "logged", document, str(log)) as (pid, port):
        yield Gateway(pid, port, Request(f"{_BASE}/pets/1"), _unknown_path())
    log.unlink(missing_ok=True)


@contextmanager
def resource_policy(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a route behind a resource policy of 20 statements."""
    with _rest(testbed, "policy", documents.resource_policy(testbed.backend_port)) as (pid, port):
        refused = Request(f"{_BASE}/pets/1", ("User-Agent: crawler-5/1",)), 403
        allowed = Request(f"{_BASE}/pets/1", ("User-Agent: bench/1",))
        yield Gateway(pid, port, allowed, refused)


@contextmanager
def jwt_with_scopes(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a route that asks for a token with a scope."""
    document = documents.jwt_with_scopes(testbed.backend_port, testbed.issuer)
    with _bargate(testbed, "jwt", document, "off") as (pid, port):
        path = f"{_HTTP_API_BASE}/pets/1"
        yield Gateway(pid, port, Request(path, (bearer(testbed.token),)), (Request(path), 401))


@contextmanager
def request_validation(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a route that validates a parameter and a JSON body."""
    body = testbed.work / "body.json"
    body.write_text(documents.VALID_BODY)
    with _rest(testbed, "validated", documents.validated(testbed.backend_port)) as (pid, port):
        accepted = Request(f"{_BASE}/pets?source=shop", body=body)
        yield Gateway(pid, port, accepted, (Request(f"{_BASE}/pets", body=body), 400))


@contextmanager
def ten_routes(testbed: Testbed) -> Iterator[Gateway]:
    """Serve ten routes, all of them asked in turn."""
    with _routes(testbed, 10) as gateway:
        yield gateway


@contextmanager
def thousand_routes(testbed: Testbed) -> Iterator[Gateway]:
    """Serve a thousand routes, all of them asked in turn."""
    with _routes(testbed, 1000) as gateway:
        yield gateway


@contextmanager
def _routes(testbed: Testbed, count: int) -> Iterator[Gateway]:
    asked = documents.routes_asked(count)
    paths = testbed.work / f"paths-{count}.txt"
    paths.write_text("\n".join(_BASE + path for path in asked))
    document = documents.routes(testbed.backend_port, count)
    with _rest(testbed, f"routes-{count}", document) as (pid, port):
        yield Gateway(pid, port, Request(_BASE + asked[0], paths=paths), _unknown_path())


def _unknown_path() -> tuple[Request, int]:
    # AWS [R] apigw-evaluation §1: an unknown path of a REST API is a 403.
    return Request(f"{_BASE}/unknown"), 403


@contextmanager
def _rest(
    testbed: Testbed, name: str, document: documents.Document, access_log: str = "off"
) -> Iterator[tuple[int, int]]:
    with _bargate(testbed, name, document, access_log, "--stage", documents.STAGE) as started:
        yield started


@contextmanager
def _bargate(
    testbed: Testbed, name: str, document: documents.Document, access_log: str, *options: str
) -> Iterator[tuple[int, int]]:
    path = documents.write(document, testbed.work / f"bargate-{name}.json")
    log = testbed.work / f"bargate-{name}.log"
    with running(command(path, access_log, *options), core=GATEWAY_CORE, log=log) as process:
        yield process.pid, announced_port(process, log)


def announced_port(process: Popen[bytes], log: Path) -> int:
    """Read standard output up to the ready line; give the port that it names."""
    timer = Timer(_START_TIMEOUT_S, process.kill)
    timer.start()
    try:
        for line in process.stdout or ():
            if line.decode().startswith(READY):
                return int(line.decode().rpartition(":")[2])
    finally:
        timer.cancel()
    raise MeasureError(f"did not start: {last_line(log)}")
