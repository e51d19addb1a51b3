"""A client that pipelines without end is held back by TCP, not kept in memory."""

from __future__ import annotations

import socket
import time
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
ROOM_BYTES = 24 * 1024 * 1024  # both kernels' buffers and a few reads, generously


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, run_dir: Path) -> Iterator[ServedApi]:
    folder = tmp_path_factory.mktemp("pipelining")
    document = rest({"/mock": {"get": operation(MOCK)}})
    with served(folder, run_dir, document, "--access-log", "off") as running:
        yield running


def _request(api: ServedApi) -> bytes:
    return f"GET {api.base}/mock HTTP/1.1\r\nHost: a\r\n\r\n".encode()


def test_what_a_client_pipelines_and_does_not_read_is_not_taken_in(api: ServedApi) -> None:
    block = _request(api) * 4000
    taken = 0
    with socket.create_connection(("127.0.0.1", api.gateway.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(2)
        until = time.monotonic() + 8
        try:
            while taken <= ROOM_BYTES and time.monotonic() < until:
                taken += client.send(block)
        except TimeoutError:
            pass  # held back, as it should be
    assert taken <= ROOM_BYTES


def test_one_pipelining_client_does_not_hold_the_others(api: ServedApi) -> None:
    block = _request(api) * 4000
    with socket.create_connection(("127.0.0.1", api.gateway.port)) as client:
        client.settimeout(1)
        until = time.monotonic() + 4
        try:
            while time.monotonic() < until:
                client.send(block)
        except TimeoutError:
            pass
        started = time.monotonic()
        assert api.get("/mock").status == 200
        assert time.monotonic() - started < 1
