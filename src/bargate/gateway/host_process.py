"""The functions host as the supervisor sees it: started with the first function, kept, stopped.

    Supervisor ──► HostProcess ──(socket pair)──► python -m bargate.functions.host
                      │
                      └── ended unasked: again, after a pause that grows, with all it must know

The socket on which it is asked is kept here, so that invocations wait for a host that comes back
instead of being refused. Its folder and its token are made anew with every installation.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from bargate.frames import Channel, decoder
from bargate.functions.messages import (
    BeginHost,
    DrainHost,
    FromHost,
    HostPlace,
    HostReady,
    Know,
    Known,
    is_for_host,
)
from bargate.gateway.channel import PIECE_BYTES, size_bytes
from bargate.gateway.questions import make_private
from bargate.gateway.spawning import command_of
from bargate.secret import Secret
from bargate.snapshot.parts import Update, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from msgspec import Struct

    from bargate.settings import HostSettings
    from bargate.snapshot.parts import Part, State

START_TIMEOUT_S = 30.0
KNOW_TIMEOUT_S = 10.0
END_TIMEOUT_S = 3.0
_TOKEN_BYTES = 32
_BACKLOG = 1_024
_RESTART_DELAYS_S = (0.05, 0.2, 1.0, 5.0)
_STABLE_S = 10.0
_NOT_FOR_HOST = frozenset({"BARGATE_MASTER_KEY"})

_log = logging.getLogger("bargate.supervisor")


class HostProcess:
    """One host, which is there as soon as a function is. `settings` hold its private folder."""

    def __init__(self, settings: HostSettings) -> None:
        self.settings = settings
        path = Path(settings.folder) / "host" / "host.sock"
        self.place = HostPlace(path=str(path), token=Secret(secrets.token_hex(_TOKEN_BYTES)))
        self._listener: socket.socket | None = None
        self._state: Callable[[], State] = dict
        self._number = 0
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel[FromHost] | None = None
        self._ready = asyncio.Event()
        self._known: dict[int, asyncio.Future[None]] = {}
        self._saying = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    async def follow(self, updates: Sequence[Update], state: Callable[[], State]) -> None:
        """Let the host know what updates led to; it is started once there is a function.

        One that is not there holds nobody up: it is told all when it is back.
        """
        self._state = state
        if self._is_stopping:
            return
        if self._task is None:
            if any(name.startswith("function/") for name in state()):
                await self._start()
            return
        relevant = [each for each in map(_relevant, updates) if each is not None]
        if relevant and self._channel is not None:
            await self._tell(self._channel, relevant)

    async def _start(self) -> None:
        """Start the host with the first function, and wait for it, within a time."""
        self._listener = _listen(self.place.path)
        self._task = asyncio.get_running_loop().create_task(self._keep_running())
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._ready.wait()
        except TimeoutError:
            _log.error("the functions host was not ready within %g s", START_TIMEOUT_S)

    async def _tell(self, channel: Channel[FromHost], updates: Sequence[Update]) -> None:
        """Let the host take updates, and wait until it works by them; one that starts is told."""
        self._number += 1
        number = self._number
        known: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._known[number] = known
        try:
            async with asyncio.timeout(KNOW_TIMEOUT_S):
                await self._say(channel, _pieces(number, updates))
                if self._ready.is_set():
                    await known
        except TimeoutError:
            _log.error("the functions host did not take an update and is started again")
            self._kill()
        finally:
            del self._known[number]

    async def _say(self, channel: Channel[FromHost], messages: Iterable[Struct]) -> None:
        async with self._saying:  # what belongs together is not torn apart
            for message in messages:
                await channel.send(message)

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started_s = loop.time()
            how = await self._how_it_ended()
            if self._is_stopping:
                return
            failures = 0 if loop.time() - started_s > _STABLE_S else failures + 1
            _log.error("the functions host %s; starting it again", how)
            await asyncio.sleep(_RESTART_DELAYS_S[min(failures, len(_RESTART_DELAYS_S) - 1)])

    async def _how_it_ended(self) -> str:
        """Run the process until it ends; a process that cannot be started has ended too."""
        try:
            return f"ended with {await self._run_once()}"
        except OSError as error:  # no memory, no descriptors, no program: all may come back
            return f"could not be started: {error}"

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = process = await self._spawned(theirs)
            # Its own copy, as asyncio closes the one that it is given.
            reader, writer = await asyncio.open_connection(sock=ours.dup())
        channel: Channel[FromHost] = Channel(reader, writer, decoder(FromHost))
        self._saying = asyncio.Lock()
        self._channel = channel
        try:
            await self._introduce(channel)
            while (message := await channel.receive()) is not None:
                self._take(message)
        finally:
            self._channel = None
            self._ready.clear()
            channel.close()
            for known in self._known.values():
                if not known.done():
                    known.set_result(None)  # it is told all when it is back
        return await self._ended(process)

    async def _introduce(self, channel: Channel[FromHost]) -> None:
        """Say all that it must know, as it is now; what comes meanwhile is said after it."""
        put: dict[str, Part] = {n: part for n, part in self._state().items() if is_for_host(n)}
        whole = Update(version=0, whole=True, put=put)
        begin = BeginHost(self.settings, self.place.token)
        await self._say(channel, (begin, *_pieces(0, [whole])))

    async def _spawned(self, channel: socket.socket) -> asyncio.subprocess.Process:
        assert self._listener is not None  # noqa: S101  made before
        descriptors = (channel.fileno(), self._listener.fileno())
        return await asyncio.create_subprocess_exec(
            *command_of("bargate.functions.host", *descriptors),
            pass_fds=descriptors,
            env={name: value for name, value in os.environ.items() if name not in _NOT_FOR_HOST},
            stdin=asyncio.subprocess.DEVNULL,
        )

    def _take(self, message: FromHost) -> None:
        match message:
            case HostReady():
                self._ready.set()
            case Known(number):
                known = self._known.get(number)
                if known is not None and not known.done():
                    known.set_result(None)

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                return await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()

    def _kill(self) -> None:
        """End the process at once, to be started again with all that it must know."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self, drain_s: float) -> None:
        """Let the host finish within `drain_s`, then end it with all its processes."""
        self._is_stopping = True
        if self._listener is None or self._task is None:
            return
        self._listener.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.place.path)  # noqa: PTH108  a moment
        if self._channel is not None:
            await self._channel.send(DrainHost(drain_s))
        process = self._process
        if process is not None:
            try:
                async with asyncio.timeout(drain_s + END_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                self._kill()
                await process.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


def _listen(path: str) -> socket.socket:
    """Make the socket; raises OSError. Its folder is one that only this user may enter."""
    make_private(Path(path).parent)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(path)
        Path(path).chmod(0o600)
        listener.listen(_BACKLOG)
        listener.setblocking(False)  # noqa: FBT003  the standard library's signature
    except OSError:
        listener.close()
        raise
    return listener


def _relevant(update: Update) -> Update | None:
    """Give what the host must know of an update, None when that is nothing."""
    put = {name: part for name, part in update.put.items() if is_for_host(name)}
    gone = tuple(filter(is_for_host, update.gone))
    if not (put or gone or update.whole):
        return None
    return Update(version=update.version, whole=update.whole, put=put, gone=gone)


def _pieces(number: int, updates: Sequence[Update]) -> list[Know]:
    """Cut updates into messages that fit into frames; the last one says that it is the last."""
    pieces = [piece for update in updates for piece, _ in split(update, PIECE_BYTES, size_bytes)]
    return [Know(number, piece, at < len(pieces) - 1) for at, piece in enumerate(pieces)]
