"""The listening sockets at the addresses of interface endpoints: one a worker and address.

They are at the port of the gateway. A gateway that listens at all addresses needs no more sockets.
"""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bargate.gateway.arrivals import Door
    from bargate.gateway.context import WorkerContext

    Listen = Callable[[socket.socket], Awaitable["Listener"]]

_ALL = frozenset({"0.0.0.0", "::"})  # noqa: S104  recognised, not bound
_IP_FREEBIND = 15  # of Linux; Python has no name for it

_log = logging.getLogger("bargate.gateway")


class Listener(Protocol):
    """What accepts connections until it is closed."""

    def close(self) -> None:
        """Accept no more."""


class Doors:
    """Opens and closes the doors of one worker."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._listeners: dict[str, Listener] = {}
        self._listen: Listen | None = None
        self._host, self._port = "", 0

    def begin(self, public: socket.socket, listen: Listen) -> None:
        """Take the port of the public socket; `listen` makes a server of a bound socket."""
        name = public.getsockname()
        if isinstance(name, tuple):
            self._host, self._port = name[0], name[1]
            self._listen = listen

    async def open(self, doors: Sequence[Door]) -> None:
        """Answer at the addresses of these doors alone; connections at others end."""
        context = self._context
        arrivals = context.arrivals
        arrivals.take(doors, but=self._host)
        for connection in tuple(context.connections):
            connection.see_arrival()
        wanted = arrivals.addresses() if self._host not in _ALL else set()
        for address in self._listeners.keys() - wanted:
            self._listeners.pop(address).close()
        for address in wanted - self._listeners.keys():
            await self._add(address)

    async def _add(self, address: str) -> None:
        if self._listen is None:
            return
        try:
            bound = _bind(address, self._port)
        except OSError as error:
            _log.error("%s:%d of a VPC endpoint: %s", address, self._port, error.strerror)
            return
        self._listeners[address] = await self._listen(bound)

    def close(self) -> None:
        """Stop accepting."""
        self._listen = None
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()


def _bind(address: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # An interface that comes up after the gateway has its addresses from then on.
        bound.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)  # noqa: FBT003  the stdlib's own signature
    return bound
