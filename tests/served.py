"""One API behind a real gateway process, as tests of the controls call it."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from documents import write
from serving import Answer, Gateway, serve


@dataclass
class ServedApi:
    """An API at a stage; `base` is where its root is on the gateway."""

    gateway: Gateway
    path: Path
    base: str
    logged: dict[str, str] = field(default_factory=dict)

    def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        return self.gateway.call(method, self.base + path, headers, body)

    def get(self, path: str, **headers: str) -> Answer:
        """GET with headers, underscores standing for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call("GET", path, named)

    def raw(self, request: bytes) -> bytes:
        """Send bytes and read to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.gateway.port), timeout=20) as connection:
            connection.sendall(request)
            pieces = []
            while piece := connection.recv(65_536):
                pieces.append(piece)
        return b"".join(pieces)

    def log_line(self, answer: Answer) -> dict[str, Any]:
        """Wait for the access log's line of a call."""
        while answer.request_id not in self.logged:
            self._note(self.gateway.lines.get(timeout=10))
        return json.loads(self.logged[answer.request_id])

    def drained(self) -> str:
        """Give all that the process said and logged; the gateway must have ended."""
        errors = []
        with contextlib.suppress(queue.Empty):
            while True:
                errors.append(self.gateway.errors.get_nowait())
        with contextlib.suppress(queue.Empty):
            while True:
                self._note(self.gateway.lines.get_nowait())
        return "".join([*self.logged.values(), *errors])

    def _note(self, line: str) -> None:
        try:
            key = json.loads(line)["requestId"]
        except (ValueError, KeyError, TypeError):
            key = f"line {len(self.logged)}"
        self.logged[key] = line


@contextlib.contextmanager
def served(
    folder: Path, run_dir: Path, document: dict[str, Any], *options: str, **more: Any
) -> Iterator[ServedApi]:
    """Serve a document, with one worker, until the block ends."""
    path = write(folder, document)
    arguments = ("--workers", "1", *options)
    with serve(str(path), *arguments, run_dir=run_dir, **more) as gateway:
        base = gateway.wait_for(r"API .* at https?://[^/]+(/_api/\S+)").group(1)
        yield ServedApi(gateway, path, base.rstrip("/"))
