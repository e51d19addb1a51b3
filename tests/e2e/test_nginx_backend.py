"""A real nginx behind the gateway: keep-alive, sizes, encodings, and paths that it decodes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from documents import operation, proxy, rest, write
from serving import Gateway, serve

CONFIGURATION = """
{user} daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log; keepalive_requests 7;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 20m;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type text/plain; return 200 "$request_method $uri"; }}
    location /admin {{ default_type text/plain; return 200 "THE SECRET"; }}
    location /big {{ alias {folder}/big.bin; }}
    location /upload {{ proxy_pass http://127.0.0.1:{port}/sink; proxy_http_version 1.1; }}
    location /sink {{ default_type text/plain; return 200 "took $content_length"; }}
  }}
}}
"""
BIG_BYTES = 5_000_000


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("nginx is not installed; .ci/run installs it")
        pytest.skip("nginx is not installed (apt-get install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    (folder / "big.bin").write_bytes(b"0123456789" * (BIG_BYTES // 10))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = "user root;" if os.geteuid() == 0 else ""  # pytest's folders are their owner's alone
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, user=user))
    process = subprocess.Popen([program, "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _until_accepting(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _until_accepting(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while True:
        assert process.poll() is None, "nginx did not start"
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nginx does not listen"
            time.sleep(0.02)
        else:
            return


@pytest.fixture(scope="module")
def api(
    nginx: int, tmp_path_factory: pytest.TempPathFactory, run_dir: Path
) -> Iterator[tuple[Gateway, str]]:
    base = f"http://127.0.0.1:{nginx}"
    parameter = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
    everything = {
        **operation(proxy(f"{base}/{{proxy}}", "ANY")),
        "parameters": [parameter],
    }
    document = rest(
        {
            "/admin": {"get": {**operation(proxy(f"{base}/admin")), "security": [{"key": []}]}},
            "/{proxy+}": {"x-amazon-apigateway-any-method": everything},
        },
        components={
            "securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
        },
    )
    path = write(tmp_path_factory.mktemp("api"), document)
    with serve(str(path), "--access-log", "off", run_dir=run_dir) as gateway:
        yield gateway, gateway.wait_for(r"API .* at http://[^/]+(/_api/\S+)").group(1)


def test_many_calls_over_connections_that_nginx_keeps_closing(api: tuple[Gateway, str]) -> None:
    gateway, base = api

    def ask(number: int) -> tuple[int, bytes]:
        answer = gateway.call("GET", f"{base}/items/{number}")
        return answer.status, answer.body

    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(ask, range(200)))
    assert answers == [(200, f"GET /items/{number}".encode()) for number in range(200)]


def test_a_large_answer_streams_whole(api: tuple[Gateway, str]) -> None:
    gateway, base = api
    answer = gateway.call("GET", f"{base}/big")
    assert answer.status == 200
    assert answer.body == b"0123456789" * (BIG_BYTES // 10)
    part = gateway.call("GET", f"{base}/big", {"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, b"0123456789")
    head = gateway.call("HEAD", f"{base}/big")
    assert (head.status, head.headers["content-length"]) == (200, str(BIG_BYTES))
    unchanged = gateway.call("GET", f"{base}/big", {"If-None-Match": answer.headers["etag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_a_large_body_arrives_whole_and_a_larger_one_does_not(api: tuple[Gateway, str]) -> None:
    gateway, base = api
    largest = 10 * 1024 * 1024
    assert gateway.call("POST", f"{base}/upload", body=b"x" * largest).body == (
        f"took {largest}".encode()
    )
    assert (
        gateway.call("POST", f"{base}/upload", {"Content-Length": str(largest + 1)}).status == 413
    )


@pytest.mark.parametrize(
    "spelling",
    [
        "/admin",
        "/admin/",
        "//admin",
        "/%61dmin",
        "/x/../admin",
        "/./admin",
        "/x/%2e%2e/admin",
        "/x%2f..%2fadmin",
        "/%2Fadmin",
        "/%2fadmin",
        "/admin%2F",
        "/%5Cadmin",
        "/x%2F%2E%2E%2Fadmin",
        "/admin%00",
        "/admin?x",
    ],
)
def test_no_spelling_reaches_what_a_route_protects(api: tuple[Gateway, str], spelling: str) -> None:
    gateway, base = api
    answer = gateway.call("GET", f"{base}{spelling}")
    assert b"THE SECRET" not in answer.body
    assert answer.status in {400, 403, 404}
