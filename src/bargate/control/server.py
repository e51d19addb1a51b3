"""The HTTP server of the AWS endpoint: uvicorn on a socket that the supervisor holds.

What uvicorn does not bound is bounded here: the size of a request's head, and how long a client may
take to send a request or to read an answer. Connections are counted, so one that waited for ever
would take the place of another.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bargate.control.import_uploads import PATH, UPLOAD_S
from bargate.control.one_write import OneWrite

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from bargate.control.edge import Edge

MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 1_024
KEEP_ALIVE_S = 65
HEAD_S = 15.0
BODY_S = 60.0
ANSWER_S = 60.0  # without a byte being taken
STOP_S = 1  # with Ctrl-C all is over within two seconds


class _HeadTooLarge(Exception):
    """Ends the parsing of a request whose head has no end."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with an end to the size of a head, and to every wait for the client."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0
        self._asking: asyncio.TimerHandle | None = None
        self._due_s: float | None = None
        self._answering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the client its time for the first head."""
        super().connection_made(cast("asyncio.Transport", OneWrite(transport, self.loop)))
        self._asking = self._limit(HEAD_S)

    def data_received(self, data: bytes) -> None:
        """Give the client its time for the next head, from the first byte of it."""
        is_idle = self.cycle is None or self.cycle.response_complete
        if self._asking is None and is_idle:
            self._due_s = HEAD_S
        super().data_received(data)
        if self._due_s is not None:  # most requests come whole, and need no timer
            self._asking = self._limit(self._due_s)
            self._due_s = None

    def on_headers_complete(self) -> None:
        """Give the client its time for the body."""
        _cancel(self._asking)
        path = self.url.partition(b"?")[0].decode("latin-1")
        # Longer for a large file; without a good token it is refused before its body comes.
        is_upload = self.parser.get_method() == b"PUT" and PATH.fullmatch(path) is not None
        self._asking = None
        self._due_s = UPLOAD_S if is_upload else BODY_S
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait no longer: the request is whole."""
        _cancel(self._asking)
        self._asking = self._due_s = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Give the client its time to take what it asked for."""
        super().pause_writing()
        _cancel(self._answering)
        self._answering = self._limit(ANSWER_S)

    def resume_writing(self) -> None:
        """Wait no longer: it took it."""
        _cancel(self._answering)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        _cancel(self._asking)
        _cancel(self._answering)
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """End an idle connection, though its client never took the last answer."""
        if not self.transport.is_closing():
            self.transport.abort()

    def _limit(self, seconds: float) -> asyncio.TimerHandle:
        # `abort`, as `close` would wait until the client has taken what is written.
        return self.loop.call_later(seconds, self.transport.abort)

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


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


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
            proxy_headers=False,  # INVARIANT: an address is that of the connection, never claimed
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
