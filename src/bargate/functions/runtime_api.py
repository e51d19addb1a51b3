"""The Lambda Runtime API (2018-06-01) of one process: a loopback port that only it may speak to.

    GET  …/runtime/invocation/next            waits for `deliver`, gives the event
    POST …/runtime/invocation/{id}/response   ─► Answer
    POST …/runtime/invocation/{id}/error      ─► Answer(failed)
    POST …/runtime/init/error                 ─► StartFailed

INVARIANT: an event reaches no other process than the function's own, and only the event that is
being worked on is answered, once. Whoever connects is asked for at the kernel: its user must be the
function's, its process one of the function's. Faults end the connection; the process is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable  # noqa: TC003

from msgspec import Struct

from bargate.functions.peer import Peer, peer_of
from bargate.functions.runtime_connection import (
    MAX_RESPONSE_BYTES,
    Request,
    RuntimeConnection,
)
from bargate.functions.runtime_spec import Event, StartFailed, failure

_PREFIX = "/2018-06-01/runtime/"
_MAX_CONNECTIONS = 16
_TOO_LARGE = failure(
    "Function.ResponseSizeTooLarge",
    f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
)


class Answer(Struct, frozen=True):
    """What the runtime posted for an event."""

    payload: bytes
    failed: bool = False


class RuntimeApi:
    """Gives one process its events. `is_own` says whether a peer is of this process.

    `ready` is done when the runtime asks for its first event, and has StartFailed if it says that
    it cannot. `is_faulty` stays True after the runtime did what it must not.
    """

    def __init__(self, is_own: Callable[[Peer], bool]) -> None:
        self._is_own = is_own
        self._server: asyncio.Server | None = None
        self._connections: set[RuntimeConnection] = set()
        self._waiting: RuntimeConnection | None = None
        self._event: Event | None = None
        self._is_delivered = False
        self._answered: asyncio.Future[Answer] | None = None
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_faulty = False
        self.port = 0

    async def listen(self) -> None:
        """Open a free port on loopback."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: RuntimeConnection(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        self.ready.cancel()

    def deliver(self, event: Event) -> asyncio.Future[Answer]:
        """Give the next event to the runtime; the future is its answer."""
        self._event, self._is_delivered = event, False
        self._answered = asyncio.get_running_loop().create_future()
        self._hand_over()
        return self._answered

    def admits(self, connection: RuntimeConnection, transport: asyncio.Transport) -> bool:
        """Tell whether the peer is the function's own process."""
        if len(self._connections) >= _MAX_CONNECTIONS:
            return False
        peer = peer_of(transport.get_extra_info("sockname"), transport.get_extra_info("peername"))
        if peer is None or not self._is_own(peer):
            return False
        self._connections.add(connection)
        return True

    def left(self, connection: RuntimeConnection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if self._waiting is connection:
            self._waiting = None

    def answer(self, connection: RuntimeConnection, request: Request) -> None:
        """Take a request of the runtime's."""
        if not request.path.startswith(_PREFIX):
            return self._refuse(connection, 404, "there is no such path")
        route = request.path.removeprefix(_PREFIX).split("/")
        match request.method, route:
            case "GET", ["invocation", "next"]:
                self._next(connection)
            case "POST", ["invocation", request_id, ("response" | "error") as kind]:
                self._posted(connection, request_id, request.body, failed=kind == "error")
            case "POST", ["init", "error"]:
                self._init_failed(connection, request.body or b"")
            case _:
                self._refuse(connection, 404, "there is no such path")
        return None

    def _next(self, connection: RuntimeConnection) -> None:
        if self._waiting is not None or self._is_delivered:
            return self._refuse(connection, 403, "the event before has no answer yet")
        self._waiting = connection
        if not self.ready.done():
            self.ready.set_result(None)
        self._hand_over()
        return None

    def _hand_over(self) -> None:
        event, connection = self._event, self._waiting
        if event is None or connection is None or self._is_delivered:
            return
        self._waiting, self._is_delivered = None, True
        headers = {
            "Lambda-Runtime-Aws-Request-Id": event.request_id,
            "Lambda-Runtime-Deadline-Ms": str(event.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": event.function_arn,
        }
        more = {
            "Lambda-Runtime-Trace-Id": event.trace_id,
            "Lambda-Runtime-Client-Context": event.client_context,
        }
        headers |= {
            name: value
            for name, value in more.items()
            if value and value.isascii() and value.isprintable()
        }
        connection.reply(200, headers, event.payload)

    def _posted(
        self, connection: RuntimeConnection, request_id: str, body: bytes | None, *, failed: bool
    ) -> None:
        event, answered = self._event, self._answered
        if event is None or not self._is_delivered or request_id != event.request_id:
            return self._refuse(connection, 400, "this is not the event that is worked on")
        self._event, self._is_delivered = None, False
        if answered is not None and not answered.done():
            answered.set_result(
                Answer(_TOO_LARGE, failed=True) if body is None else Answer(body, failed=failed)
            )
        if body is None:
            return self._refuse(connection, 413, "the response is too large")
        return connection.reply(202, {}, b'{"status":"OK"}')

    def _init_failed(self, connection: RuntimeConnection, body: bytes) -> None:
        if self.ready.done():
            return self._refuse(connection, 403, "the runtime is started")
        self.ready.set_exception(StartFailed(body))
        return connection.reply(202, {}, b'{"status":"OK"}')

    def _refuse(self, connection: RuntimeConnection, status: int, why: str) -> None:
        self.is_faulty = True
        connection.reply(status, {}, failure("InvalidRequest", why))
