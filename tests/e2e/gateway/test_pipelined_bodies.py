"""Many requests in one write, bodies and all: each is answered once, in order."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from documents import operation, rest
from served import ServedApi, served

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}
ROUNDS = 300


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    document = rest({"/mock": {"get": operation(MOCK), "post": operation(MOCK)}})
    folder = tmp_path_factory.mktemp("bodies")
    with served(folder, run_dir, document, "--access-log", "off") as running:
        yield running


def _requests(base: str) -> tuple[bytes, list[int]]:
    """Give a round of requests that each end otherwise, and their statuses."""
    host = b"Host: a\r\n"
    post = b"POST %b HTTP/1.1\r\n" + host
    mock, none = f"{base}/mock".encode(), f"{base}/none".encode()
    json = b"Content-Type: application/json\r\n"
    sent = (
        b"GET %b HTTP/1.1\r\n%b\r\n" % (mock, host),
        post % mock + json + b"Content-Length: 2\r\n\r\n{}",
        b"\r\n" + post % mock + json + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;a\r\n}\r\n"
        b"0\r\nA: b\r\n\r\n",
        post % none + b"Content-Length: 60\r\n\r\n" + b"GET /smuggled HTTP/1.1\r\n".ljust(60, b"x"),
        b"HEAD %b HTTP/1.1\r\n%b\r\n" % (none, host),
    )
    return b"".join(sent), [200, 200, 200, 403, 403]


@pytest.mark.parametrize("write_bytes", [1_000_000, 4_097, 61])
def test_pipelined_requests_with_bodies(api: ServedApi, write_bytes: int) -> None:
    block, statuses = _requests(api.base)
    last = f"GET {api.base}/mock HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    sent = block * ROUNDS + last
    with socket.create_connection(("127.0.0.1", api.gateway.port), timeout=20) as client:
        for at in range(0, len(sent), write_bytes):
            client.sendall(sent[at : at + write_bytes])
        answered = b"".join(iter(lambda: client.recv(65_536), b""))
    lines = [line for line in answered.split(b"\r\n") if b"HTTP/1.1 " in line]
    found = [int(line.partition(b"HTTP/1.1 ")[2][:3]) for line in lines]
    assert found == statuses * ROUNDS + [200]
