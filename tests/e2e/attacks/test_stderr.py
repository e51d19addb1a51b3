"""Nobody reads our standard error: malformed requests must not hold the calls of others."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

from documents import operation, rest

MOCK = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}
MALFORMED = 1_000  # more lines than a pipe of 64 KiB holds


def _ask(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=3) as client:
        client.sendall(request)
        return client.recv(100)


def test_a_full_standard_error_stops_nobody(tmp_path: Path, run_dir: Path) -> None:
    document = tmp_path / "api.json"
    document.write_text(json.dumps(rest({"/mock": {"get": operation(MOCK)}})))
    command = [
        sys.executable,
        "-m",
        "bargate",
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--api-listen",
        "off",
    ]
    process = subprocess.Popen(
        [*command, "--workers", "1", "--access-log", "off", str(document)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "BARGATE_RUN_DIR": str(run_dir)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    drained = threading.Thread(target=process.stderr.read, daemon=True)
    try:
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found is not None
        port = int(found[1])
        for _ in range(MALFORMED):
            assert _ask(port, b"BAD\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert _ask(port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    finally:
        drained.start()  # lets it end
        process.terminate()
        process.wait(20)
        drained.join(5)
        process.stdout.close()
        process.stderr.close()
