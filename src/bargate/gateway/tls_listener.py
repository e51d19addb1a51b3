"""Accepts TLS connections: the server name is read first, and says which settings hold.

    accept ──► peek at the ClientHello ──► TlsNames.find ──► handshake with that name's context
                    │ none in time, malformed, a name without certificate: closed

OpenSSL takes the certificate from a context that is put in later, but not who must show one. So the
context is chosen before the handshake: nothing is read from the socket until then, only looked at.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Final

from bargate.gateway.client_hello import MAX_HELLO_BYTES, MalformedHello, server_name
from bargate.gateway.connection import ClientConnection

if TYPE_CHECKING:
    from bargate.gateway.context import WorkerContext
    from bargate.gateway.tls_names import TlsName, TlsNames

MAX_HANDSHAKES: Final = 1_024
LOGGED_A_SECOND: Final = 10
_AT_ONCE: Final = 64
_AGAIN_S: Final = 0.01  # a hello that comes in pieces is looked at again so soon
_PEEKED_BYTES: Final = MAX_HELLO_BYTES + 512
_UNRECOGNIZED_NAME: Final = b"\x15\x03\x01\x00\x02\x02\x70"  # RFC 6066 §3: a fatal alert

_log = logging.getLogger("bargate.worker")


class NoHello(Exception):
    """A client asks for nothing that can be answered; the text says why."""


class TlsListener:
    """One listening socket whose connections speak TLS."""

    def __init__(self, context: WorkerContext, names: TlsNames, listening: socket.socket) -> None:
        self._context = context
        self._names = names
        self._socket = listening
        self._handshakes: set[asyncio.Task[None]] = set()
        self._logged: tuple[int, int] = (0, 0)  # in which second, how many lines
        context.loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more; handshakes under way end."""
        self._context.loop.remove_reader(self._socket.fileno())
        self._socket.close()
        for task in tuple(self._handshakes):
            task.cancel()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, peer = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # no descriptors: those that wait are taken a little later
                self._tell("accepting", error.strerror or str(error))
                self._rest()
                return
            accepted.setblocking(False)  # noqa: FBT003  the stdlib's own signature
            if len(self._handshakes) >= MAX_HANDSHAKES:
                accepted.close()
                continue
            task = self._context.loop.create_task(self._begin(accepted, str(peer[0])))
            self._handshakes.add(task)
            task.add_done_callback(self._handshakes.discard)

    def _rest(self) -> None:
        loop, descriptor = self._context.loop, self._socket.fileno()
        loop.remove_reader(descriptor)
        loop.call_later(0.1, self._resume, descriptor)

    def _resume(self, descriptor: int) -> None:
        if self._socket.fileno() == descriptor:
            self._context.loop.add_reader(descriptor, self._accept)

    async def _begin(self, accepted: socket.socket, peer: str) -> None:
        name: TlsName | None = None
        try:
            async with asyncio.timeout(self._context.limits.tls_handshake_s):
                name = await self._name(accepted)
            await self._context.loop.connect_accepted_socket(
                lambda: ClientConnection(self._context, name),
                accepted,
                ssl=name.context(),
                ssl_handshake_timeout=self._context.limits.tls_handshake_s,
            )
        except (NoHello, OSError, ValueError, TimeoutError) as error:  # ssl.SSLError is an OSError
            where = "" if name is None else name.name
            self._tell(f"TLS handshake for {where or 'no name'} from {peer}", _reason(error))
            accepted.close()
        except BaseException:
            accepted.close()
            raise

    async def _name(self, accepted: socket.socket) -> TlsName:
        asked = await self._asked(accepted)
        found = self._names.find(asked)
        if found is None:
            accepted.send(_UNRECOGNIZED_NAME)
            raise NoHello(f"there is no certificate for the name {asked[:253]!r}")
        return found

    async def _asked(self, accepted: socket.socket) -> str:
        """Look at what has come until the name is in it."""
        seen = 0
        while True:
            await self._readable(accepted)
            data = accepted.recv(_PEEKED_BYTES, socket.MSG_PEEK)
            try:
                name = server_name(data)
            except MalformedHello as error:
                raise NoHello(str(error)) from error
            if name is not None:
                return name
            if not data or len(data) >= _PEEKED_BYTES:
                raise NoHello("the connection ended" if not data else "the ClientHello is too long")
            if len(data) == seen:
                await asyncio.sleep(_AGAIN_S)
            seen = len(data)

    async def _readable(self, accepted: socket.socket) -> None:
        loop, descriptor = self._context.loop, accepted.fileno()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(descriptor, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(descriptor)

    def _tell(self, what: str, why: str) -> None:
        """Log a failure, as far as there are not too many."""
        second = int(self._context.loop.time())
        count = self._logged[1] + 1 if self._logged[0] == second else 1
        self._logged = (second, count)
        if count <= LOGGED_A_SECOND:
            _log.warning("%s: %s", what, why)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "it did not come in time"
    return str(error) or type(error).__name__
