"""What strangers may try on the AWS endpoint as it runs: web pages, slow clients, half requests."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "control"))
from installation import Running, installation

MASTER_KEY = base64.b64encode(os.urandom(32)).decode()
SCOPE = "x/20200101/us-east-1/iam/aws4_request"
SIGNED = f"Authorization: AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0"
CREATE = "/?Action=CreateUser&UserName=evil&Version=2010-05-08"


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("dev")
    with installation(
        "--dev",
        folder=folder / "data",
        run_dir=folder / "run",
        environment={"BARGATE_MASTER_KEY": MASTER_KEY},
    ) as running:
        yield running


def raw(running: Running, *lines: str, body: bytes = b"") -> int:
    """Send lines as they are and give the status, 0 when the connection closes unanswered."""
    with socket.create_connection(("127.0.0.1", running.endpoint_port), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
        answer = connection.recv(65_536)
    return int(answer.split(b" ")[1]) if answer else 0


def users(running: Running) -> list[str]:
    return [user["UserName"] for user in running.client("iam").list_users()["Users"]]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((f"GET {CREATE} HTTP/1.1", "Host: evil.example:4566", SIGNED), id="rebinding"),
        pytest.param(
            (f"GET {CREATE} HTTP/1.1", "Host: localhost.evil.example", SIGNED), id="prefix"
        ),
        pytest.param(
            (f"GET {CREATE} HTTP/1.1", "Host: notlocalhost.localstack.cloud", SIGNED), id="suffix"
        ),
        pytest.param(
            (f"GET {CREATE} HTTP/1.1", "Host: localhost, evil.example", SIGNED), id="two names"
        ),
        pytest.param((f"GET {CREATE} HTTP/1.1", "Host: [", SIGNED), id="no name"),
        pytest.param(
            (
                f"GET {CREATE}&X-Amz-Credential={SCOPE} HTTP/1.1",
                "Host: localhost:4566",
                "Sec-Fetch-Site: cross-site",
            ),
            id="image",
        ),
        pytest.param(
            (
                f"GET {CREATE}&X-Amz-Credential={SCOPE} HTTP/1.1",
                "Host: localhost:4566",
                "Referer: http://evil.example/",
            ),
            id="image of an old browser",
        ),
        pytest.param(
            (
                f"POST {CREATE}&X-Amz-Credential={SCOPE} HTTP/1.1",
                "Host: localhost:4566",
                "Origin: null",
                "Content-Length: 0",
            ),
            id="sandboxed frame",
        ),
        pytest.param(
            (
                f"POST {CREATE}&X-Amz-Credential={SCOPE} HTTP/1.1",
                "Host: localhost:4566",
                "Origin: http://localhost@evil.example",
                "Content-Length: 0",
            ),
            id="user in the origin",
        ),
        pytest.param(
            ("POST /_bargate/reset HTTP/1.1", "Host: evil.example", "Content-Length: 0"),
            id="reset by rebinding",
        ),
        pytest.param(
            ("POST /_bargate/reset HTTP/1.1", "Host: [", "Content-Length: 0"), id="reset of no name"
        ),
        pytest.param(
            (
                "POST /moto-api/reset HTTP/1.1",
                "Host: localhost",
                "Origin: http://[",
                "Content-Length: 0",
            ),
            id="reset from no origin",
        ),
    ],
)
def test_a_web_page_cannot_use_the_endpoint_of_a_developer(
    dev: Running, lines: tuple[str, ...]
) -> None:
    assert raw(dev, *lines) == 403
    assert "evil" not in users(dev)


@pytest.mark.parametrize(
    "host",
    ["localhost:4566", "127.0.0.1:4566", "[::1]:4566", "host.docker.internal:4566", "bargate:4566",
     "localhost.localstack.cloud:4566", "api.localhost.localstack.cloud:4566", "192.168.1.2:4566"],
)  # fmt: skip
def test_a_developers_own_names_work(dev: Running, host: str) -> None:
    query = "/?Action=ListUsers&Version=2010-05-08"
    assert raw(dev, f"GET {query} HTTP/1.1", f"Host: {host}", SIGNED) == 200


def test_a_request_that_breaks_off_is_not_done_by_half(dev: Running) -> None:
    body = b"Action=CreateUser&Version=2010-05-08&UserName=half"
    head = [
        "POST / HTTP/1.1",
        "Host: localhost",
        SIGNED,
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body) + len('-of-a-name')}",
    ]
    with socket.create_connection(("127.0.0.1", dev.endpoint_port)) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        time.sleep(0.1)
    time.sleep(0.3)
    assert "half" not in users(dev)


def test_workers_do_not_get_the_master_key(dev: Running) -> None:
    assert dev.worker_ids
    for process in dev.worker_ids:
        assert MASTER_KEY.encode() not in Path(f"/proc/{process}/environ").read_bytes()
    for process in (*dev.child_ids, dev.gateway.process.pid):
        assert MASTER_KEY.encode() not in Path(f"/proc/{process}/cmdline").read_bytes()
    assert dev.folder is not None
    for path in dev.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
        assert path.is_dir() or MASTER_KEY.encode() not in path.read_bytes()


def test_one_who_says_nothing_takes_nobodys_place(tmp_path: Path) -> None:
    """Connections beyond the bound are refused, so silent ones must end by themselves."""
    health = ("GET /_bargate/health HTTP/1.1", "Host: localhost")
    with (
        installation("--dev", folder=tmp_path / "data", run_dir=tmp_path / "run") as running,
        contextlib.ExitStack() as stack,
    ):
        silent: list[Any] = [connected(stack, running) for _ in range(1_040)]
        silent[0].sendall(b"GET / HT")
        assert raw(running, *health) == 503
        deadline = time.monotonic() + 25
        while raw(running, *health) != 200:
            assert time.monotonic() < deadline
            time.sleep(0.5)


def connected(stack: contextlib.ExitStack, running: Running) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", running.endpoint_port))
    return stack.enter_context(contextlib.closing(connection))


def test_bodies_of_strangers_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Two hundred bodies of 9 MiB that never end would be 1.8 GiB, held before any signature."""
    with installation(folder=tmp_path / "data", run_dir=tmp_path / "run") as running:
        head = (
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        part = b"a" * (9 << 20)
        with contextlib.ExitStack() as stack:
            for _ in range(60):
                connection = connected(stack, running)
                connection.settimeout(5)
                with contextlib.suppress(OSError):
                    connection.sendall(head + part)
            status = Path(f"/proc/{running.control_id}/status").read_text()
            peak_kb = int(status.split("VmHWM:")[1].split()[0])
            assert peak_kb < 520 * 1024, f"{peak_kb >> 10} MiB"
            assert raw(running, "GET /_bargate/health HTTP/1.1", "Host: localhost") == 200
        time.sleep(0.5)
        assert users(running) == []
