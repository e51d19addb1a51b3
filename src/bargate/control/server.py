"""The HTTP server of the AWS endpoint: uvicorn on a socket that the supervisor holds.

What uvicorn does not bound is bounded here: the size of a request's head.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from bargate.control.edge import Edge

MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 1_024
KEEP_ALIVE_S = 65
STOP_S = 3


class _HeadTooLarge(Exception):
    """Ends the parsing of a request whose head has no end."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to the size of a head."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0

    def on_message_begin(self) -> None:
        """Start counting."""
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count a part of the target."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _count(self, size_bytes: int) -> None:
        self._head_bytes += size_bytes
        if self._head_bytes > MAX_HEAD_BYTES:
            # llhttp turns an exception of a callback into a parse error, which uvicorn answers 400.
            raise _HeadTooLarge


class EndpointServer(uvicorn.Server):
    """uvicorn without its signal handlers: what ends the process is the supervisor's affair."""

    def __init__(self, edge: Edge) -> None:
        config = uvicorn.Config(
            edge,
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=MAX_CONNECTIONS,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=STOP_S,
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def begin(self, listener: socket.socket) -> asyncio.Task[None]:
        """Accept connections; gives the task that serves until `end`."""
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        serving = asyncio.get_running_loop().create_task(self.serve(sockets=[listener]))
        while not self.started and not serving.done():  # noqa: ASYNC110  uvicorn has no event
            await asyncio.sleep(0)
        return serving

    def end(self) -> None:
        """Stop accepting, finish what is under way, and let the serving task end."""
        self.should_exit = True
