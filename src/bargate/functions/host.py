"""The functions host: `python -m bargate.functions.host CHANNEL_FD LISTENER_FD`.

    channel:  BeginHost, Know ──► what is known ──► HostReady
              Know            ──► known from the next invocation on ──► Known
              DrainHost, or the supervisor gone ──► finish what is under way, end all processes
    listener: Hello ──► Asked ──► Invoking ──► Told, in the order in which outcomes come

It is started by the supervisor alone, and reads no configuration but what comes over the channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvloop

from bargate.frames import Channel, decoder
from bargate.functions.client import MAX_UNDER_WAY
from bargate.functions.invoking import Invoking
from bargate.functions.messages import (
    Asked,
    BeginHost,
    DrainHost,
    FromInvoker,
    Hello,
    HostReady,
    Know,
    Known,
    ToHost,
    Told,
)
from bargate.functions.processes import Processes
from bargate.functions.registry import Registry
from bargate.model.invocation import Refused
from bargate.stderr_log import log_to_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.snapshot.parts import Update

HELLO_TIMEOUT_S = 5.0
MAX_CONNECTIONS = 1_024
# Events held at once: those that invokers wait for no more are still run, for up to 900 s.
MAX_EVENT_BYTES = 1024 * 1024 * 1024
SWEEP_S = 10.0
ORPHAN_DRAIN_S = 0.0

_BUSY = Refused(reason="throttled", message="Too many invocations are under way.")
_log = logging.getLogger("bargate.functions")


class Host:
    """The parts of the host, joined; it begins with `whole`, all that it must know."""

    def __init__(self, channel: Channel[ToHost], begin: BeginHost, whole: Sequence[Update]) -> None:
        self._channel = channel
        self._token = begin.token
        self._registry = Registry()
        self._processes = Processes(self._registry, begin.settings)
        self._invoke = Invoking(self._registry, self._processes)
        self._sweep_now = asyncio.Event()
        self._take(whole)
        self._under_way: set[asyncio.Task[None]] = set()
        self._event_bytes = 0
        self._connections: set[Channel[FromInvoker]] = set()

    async def run(self, listener: socket.socket) -> None:
        """Answer invocations until told to drain, or until the supervisor is gone."""
        loop = asyncio.get_running_loop()
        server = await asyncio.start_unix_server(self._serve, sock=listener)
        sweeping = loop.create_task(self._sweep())
        await self._channel.send(HostReady())
        deadline_s = await self._obey()
        server.close()
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=deadline_s or ORPHAN_DRAIN_S)
        sweeping.cancel()
        await self._invoke.close()
        await self._processes.close(forget=deadline_s is not None)
        for connection in tuple(self._connections):
            connection.close()

    async def _obey(self) -> float | None:
        """Take what the supervisor says; gives how long what is under way may take in the end.

        None says that the supervisor is gone.
        """
        pieces: list[Update] = []
        while (message := await self._channel.receive()) is not None:
            match message:
                case Know(number, update, more):
                    pieces.append(update)
                    if not more:
                        self._take(pieces)
                        pieces = []
                        await self._channel.send(Known(number))
                case DrainHost(deadline_s):
                    return deadline_s
                case BeginHost():
                    _log.error("told to begin twice; going on")
        return None

    def _take(self, updates: Sequence[Update]) -> None:
        for update in updates:
            self._registry.take(update)
        self._processes.announce()
        self._sweep_now.set()

    async def _sweep(self) -> None:
        """End and remove what is of no more use, every now and then and after every update."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await self._sweep_now.wait()
            self._sweep_now.clear()
            try:
                await self._processes.sweep()
                self._invoke.sweep()
            except Exception:  # noqa: BLE001  a bug met while tidying must not end it for ever
                _log.exception("what is of no more use was not removed")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of a worker or the control process."""
        channel: Channel[FromInvoker] = Channel(reader, writer, decoder(FromInvoker))
        self._connections.add(channel)
        try:
            if len(self._connections) <= MAX_CONNECTIONS and await self._is_known(channel):
                while isinstance(message := await channel.receive(), Asked):
                    self._begin(channel, message)
        except ValueError as error:  # what is no message of ours
            _log.warning("a connection to the functions host said what cannot be read: %s", error)
        finally:
            self._connections.discard(channel)
            channel.close()

    async def _is_known(self, channel: Channel[FromInvoker]) -> bool:
        """Hear the token first; compared in constant time (`Secret`)."""
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = await channel.receive()
        except TimeoutError:
            return False
        return isinstance(hello, Hello) and hello.token == self._token

    def _begin(self, channel: Channel[FromInvoker], asked: Asked) -> None:
        size_bytes = len(asked.invocation.payload)
        if (
            len(self._under_way) >= MAX_UNDER_WAY
            or self._event_bytes + size_bytes > MAX_EVENT_BYTES
        ):
            channel.post(Told(asked.number, _BUSY))
            return
        self._event_bytes += size_bytes
        task = asyncio.get_running_loop().create_task(self._answer(channel, asked))
        self._under_way.add(task)
        task.add_done_callback(lambda done: self._ended(done, size_bytes))

    def _ended(self, task: asyncio.Task[None], size_bytes: int) -> None:
        self._under_way.discard(task)
        self._event_bytes -= size_bytes

    async def _answer(self, channel: Channel[FromInvoker], asked: Asked) -> None:
        await channel.send(Told(asked.number, await self._invoke(asked.invocation)))


async def _main(channel_fd: int, listener_fd: int) -> None:
    listener = socket.socket(fileno=listener_fd)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel_fd))
    channel: Channel[ToHost] = Channel(reader, writer, decoder(ToHost))
    begin = await channel.receive()
    whole = await _whole(channel)
    if not isinstance(begin, BeginHost) or whole is None:
        return
    try:
        host = Host(channel, begin, whole)
        gc.enable()
        await host.run(listener)
    finally:
        channel.close()


async def _whole(channel: Channel[ToHost]) -> list[Update] | None:
    """Receive all that must be known, which comes in pieces; None when it does not."""
    pieces = []
    while isinstance(message := await channel.receive(), Know):
        pieces.append(message.update)
        if not message.more:
            return pieces
    return None


def main() -> None:
    """Run the host on the descriptors named on the command line."""
    stderr = log_to_stderr()
    # Ctrl-C reaches the whole process group; the supervisor alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    gc.disable()  # until it serves: nothing of what a start makes is garbage
    descriptors = map(int, sys.argv[1:])
    try:
        uvloop.run(_main(*descriptors))
    except Exception:  # noqa: BLE001 - logged here: a traceback of Python's own could wait for ever
        _log.exception("the functions host ends by a bug")
        sys.exit(1)
    finally:
        stderr.shut()


if __name__ == "__main__":
    main()
