"""examples/controls as a user runs it: every call of it passes, every refusal refuses."""

from __future__ import annotations

import contextlib
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import pytest

from bench.process import free_port
from examples.controls import calls, certificates
from examples.controls.setup import DOMAIN, Made
from examples.petstore.issuer import POOL_ARN, Issuer
from serving import Gateway, backend

ROOT = Path(__file__).parent.parent.parent
ENDPOINT_ADDRESS = "127.77.0.10"
NO_ANSWER = 0


class Certified(BaseHTTPRequestHandler):
    """What stands behind GET /certified, for the gateway alone."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def certified_backend(port: int, trusted: Path, folder: Path) -> Iterator[None]:
    """Run a backend that shows itself to whoever owns the trusted certificate."""
    own = certificates.make("localhost")
    (folder / "backend.pem").write_bytes(own.server + own.server_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "backend.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trusted)
    server = ThreadingHTTPServer(("127.0.0.1", port), Certified)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def issuing() -> Iterator[Issuer]:
    """Run the pet store's issuer."""
    with backend() as served:
        issuer = Issuer(f"http://127.0.0.1:{served.port}")
        for path, document in issuer._documents.items():
            body = msgspec.json.encode(document)
            served.answers[path] = (200, {"Content-Type": "application/json"}, body)
        yield issuer


def curl(arguments: tuple[str, ...]) -> int:
    """Give the status that curl reads, 0 when it reads none."""
    told = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return int(told.stdout or NO_ANSWER)


def curl_until(arguments: tuple[str, ...], status: int) -> int:
    """Give curl's status once it is the one awaited: what was just made is served soon."""
    deadline_s = time.monotonic() + 5
    while (found := curl(arguments)) != status and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def tried(
    tmp_path_factory: pytest.TempPathFactory, run_dir: Path
) -> Iterator[tuple[Gateway, dict[str, calls.Try]]]:
    folder = tmp_path_factory.mktemp("controls")
    state, work, s3 = folder / "state", folder / "work", folder / "s3"
    s3.mkdir()
    tls_port, certified_port = free_port(), free_port()
    with contextlib.ExitStack() as stack:
        served, issuer = stack.enter_context(backend()), stack.enter_context(issuing())
        gateway = Gateway(
            *("--data", str(state), "--s3", str(s3), "--tls-listen", f"127.0.0.1:{tls_port}"),
            *("--issuer", f"{POOL_ARN}={issuer.pool_url}", "--access-log", "off"),
            run_dir=run_dir,
        )
        stack.callback(gateway.stop)
        token = issuer.id_token()
        subprocess.run(
            [
                *(sys.executable, "-m", "examples.controls", "--s3", str(s3), "--work", str(work)),
                *("--backend", f"127.0.0.1:{served.port}", "--id-token", token),
                *("--certified", f"127.0.0.1:{certified_port}"),
                *("--endpoint-address", ENDPOINT_ADDRESS),
                *("--port", str(gateway.port), "--tls-port", str(tls_port)),
            ],
            cwd=ROOT,
            check=True,
            env={
                **os.environ,
                "AWS_CONFIG_FILE": str(state / "config"),
                "AWS_SHARED_CREDENTIALS_FILE": str(state / "credentials"),
                "AWS_ENDPOINT_URL": gateway.endpoint,
            },
        )
        made = msgspec.json.decode((work / "made.json").read_bytes(), type=Made)
        stack.enter_context(certified_backend(certified_port, work / "gateway.pem", folder))
        places = calls.Places(gateway.port, tls_port, ENDPOINT_ADDRESS, work)
        yield gateway, {each.control: each for each in calls.calls(made, places, token)}


CONTROLS = (
    "resource policy",
    "CORS",
    "IAM authorizer",
    "Cognito authorizer",
    "request validation",
    "API key",
    "throttling",
    "private API",
    "endpoint policy",
    "mutual TLS",
    "backend client certificate",
)


@pytest.mark.parametrize("control", CONTROLS)
def test_what_passes_passes_and_what_is_refused_is_refused(
    tried: tuple[Gateway, dict[str, calls.Try]], control: str
) -> None:
    _, tries = tried
    each = tries[control]
    passed = 204 if control == "CORS" else 200
    assert curl_until(each.passes, passed) == passed
    if each.refused:
        assert curl(each.refused) == each.status


def test_the_backend_with_a_certificate_refuses_others(
    tried: tuple[Gateway, dict[str, calls.Try]],
) -> None:
    _, tries = tried
    assert curl_until(tries["backend client certificate"].passes, 200) == 200
    assert set(tries) == set(CONTROLS)


def test_the_table_names_every_control() -> None:
    table = (ROOT / "examples/controls/README.md").read_text()
    for control in CONTROLS:
        assert f"| {control} |" in table, control
    assert DOMAIN in table
