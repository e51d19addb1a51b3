"""`bargate serve` as a real process, real backends, and a plain HTTP client for tests."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

READY_S = 30.0


@dataclass
class Answer:
    """A response, its header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def request_id(self) -> str:
        return self.headers.get("x-amzn-requestid") or self.headers["apigw-requestid"]


@dataclass
class Received:
    """What a backend was asked."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


@dataclass
class Backend:
    """A recording HTTP/1.1 server; `answers` maps a path to (status, headers, body)."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)


@contextlib.contextmanager
def backend() -> Iterator[Backend]:
    """Run a backend that answers 200 `{"ok":true}` unless told otherwise."""
    state = Backend(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            state.received.append(
                Received(self.command, self.path, list(self.headers.items()), body)
            )
            path = self.path.partition("?")[0]
            status, headers, data = state.answers.get(
                path, (200, {"Content-Type": "application/json"}, b'{"ok":true}')
            )
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class Gateway:
    """A running `bargate serve`; `lines` collects its standard output.

    The AWS endpoint is off unless an argument is about it; `endpoint` waits for its URL.
    """

    def __init__(self, *arguments: str, run_dir: Path, environment: dict[str, str] | None = None):
        env = {**os.environ, "BARGATE_RUN_DIR": str(run_dir), **(environment or {})}
        self.run_dir = run_dir
        asks = {"--api-listen", "--data", "--dev"} & set(arguments)
        port = "off" if not asks else "127.0.0.1:0"
        api = () if "--api-listen" in asks else ("--api-listen", port)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bargate", "serve", "--listen", "127.0.0.1:0", *api, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=env,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.errors: queue.Queue[str] = queue.Queue()
        self._readers = [
            threading.Thread(target=_pump, args=(self.process.stdout, self.lines), daemon=True),
            threading.Thread(target=_pump, args=(self.process.stderr, self.errors), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            ready = self.wait_for(r"gateway listening on https?://127\.0\.0\.1:(\d+)")
        except BaseException:
            self.stop(signal.SIGKILL)  # what did not start leaves no process and no pipe behind
            raise
        self.port = int(ready.group(1))

    @functools.cached_property
    def endpoint(self) -> str:
        """Give the URL of the AWS endpoint."""
        return self.wait_for(r"AWS endpoint listening on (http://\S+)").group(1)

    def wait_for(self, pattern: str, timeout_s: float = READY_S) -> re.Match[str]:
        """Wait for a line of standard output."""
        return self._wait(self.lines, pattern, timeout_s)

    def wait_for_error(self, pattern: str, timeout_s: float = READY_S) -> re.Match[str]:
        """Wait for a line of standard error."""
        return self._wait(self.errors, pattern, timeout_s)

    def _wait(self, lines: queue.Queue[str], pattern: str, timeout_s: float) -> re.Match[str]:
        seen = []
        while True:
            try:
                line = lines.get(timeout=timeout_s)
            except queue.Empty:
                line = ""
            seen.append(line)
            if (match := re.search(pattern, line)) is not None:
                return match
            if not line:
                rest = "".join(self.errors.queue)
                raise AssertionError(f"no line matched {pattern}:\n{''.join(seen)}\n{rest}")

    def call(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """Tell it to stop, and give its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
        try:
            return self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            for reader in self._readers:
                reader.join(5)
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()


def _pump(stream: Any, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


@contextlib.contextmanager
def serve(
    *arguments: str, run_dir: Path, environment: dict[str, str] | None = None
) -> Iterator[Gateway]:
    """Run a gateway on a free port until the block ends."""
    gateway = Gateway(*arguments, run_dir=run_dir, environment=environment)
    try:
        yield gateway
    finally:
        gateway.stop()


def bargate(*arguments: str, run_dir: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a subcommand to its end."""
    env = {**os.environ, "COLUMNS": "200", **({"BARGATE_RUN_DIR": str(run_dir)} if run_dir else {})}
    return subprocess.run(
        [sys.executable, "-m", "bargate", *arguments],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
        check=False,
    )
