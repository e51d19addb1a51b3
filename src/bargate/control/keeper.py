"""The control process as the supervisor sees it: started, fed, started again, stopped.

    app ──► Keeper ──(socket pair)──► python -m bargate.control.process
              │  Publish ──► Supervisor.apply ──► Applied
              └── ended unasked: again, after a pause that grows; the workers go on meanwhile

The listening socket of the AWS endpoint is kept here, so that calls wait for a control process
that comes back instead of being refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.control.messages import (
    Applied,
    Begin,
    Collect,
    Collected,
    Ending,
    FromControl,
    Listening,
    Opened,
    Publish,
    Stored,
    StoreFunctions,
    StoreStages,
)
from bargate.frames import Channel, decoder
from bargate.gateway.channel import Forget, LeasedQuotas
from bargate.gateway.listening import listen
from bargate.gateway.spawning import command_of
from bargate.gateway.worker_process import WorkerFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from bargate.gateway.supervisor import Supervisor
    from bargate.model.function import Function
    from bargate.model.installation import ServedStage
    from bargate.settings import ControlSettings

START_TIMEOUT_S = 60.0
STORE_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
REFUSED_START = 3  # exit code: the store cannot be opened; the log says why
_RESTART_DELAYS_S = (0.05, 0.2, 1.0)
_STABLE_S = 10.0

_log = logging.getLogger("bargate.supervisor")


class ControlFailed(Exception):
    """The control process did not start, or did not store what it was given; the text says why."""


class Keeper:
    """One control process, started again whenever it ends unasked."""

    def __init__(self, settings: ControlSettings, gateway_url: str, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        (self._listener,) = listen(settings.host, settings.port, 1)
        self.settings = structs.replace(settings, port=self.address[1], gateway_url=gateway_url)
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel[FromControl] | None = None
        self._listening = asyncio.Event()
        self._stored: dict[int, asyncio.Future[str | None]] = {}
        self._number = 0
        self._collecting: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the AWS endpoint."""
        name = self._listener.getsockname()
        return name[0], name[1]

    async def start(self) -> None:
        """Start the process; returns when the endpoint answers. Raises ControlFailed."""
        self._task = asyncio.get_running_loop().create_task(self._keep_running())
        listening = asyncio.ensure_future(self._listening.wait())
        await asyncio.wait(
            {listening, self._task},
            return_when=asyncio.FIRST_COMPLETED,
            timeout=START_TIMEOUT_S,
        )
        if listening.done():
            return
        listening.cancel()
        if self._task.done():
            await self._task
        raise ControlFailed(f"the AWS endpoint was not ready within {START_TIMEOUT_S:g} s")

    async def store(self, stages: tuple[ServedStage, ...]) -> None:
        """Let the documents' stages be stored and served. Raises ControlFailed."""
        await self._store("the documents were", lambda number: StoreStages(number, stages))

    async def store_functions(self, functions: tuple[Function, ...]) -> None:
        """Let the operator's own functions be stored and known. Raises ControlFailed."""
        await self._store("the functions were", lambda number: StoreFunctions(number, functions))

    async def _store(self, what: str, message: Callable[[int], Struct]) -> None:
        if self._channel is None or not self._listening.is_set():
            raise ControlFailed("the control process is being started again; try once more")
        self._number += 1
        number = self._number
        stored: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._stored[number] = stored
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                await self._channel.send(message(number))
                error = await stored
        except TimeoutError:
            error = f"{what} not stored within {STORE_TIMEOUT_S:g} s"
        finally:
            self._stored.pop(number, None)
        if error is not None:
            raise ControlFailed(error)

    async def end(self) -> None:
        """Accept no more calls; what was accepted is finished."""
        self._is_stopping = True
        self._listener.close()
        if self._channel is not None:
            await self._channel.send(Ending())

    async def stop(self) -> None:
        """Let the process finish what was submitted, then end it."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ControlFailed):
                await self._task

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started_s = loop.time()
            code = await self._run_once()
            if self._is_stopping:
                return
            # What refuses a start later (a full disk, too many files) may well go away.
            if not self._listening.is_set():
                raise ControlFailed("the AWS endpoint did not start; its log says why")
            failures = 0 if loop.time() - started_s > _STABLE_S else failures + 1
            delay_s = _RESTART_DELAYS_S[min(failures, len(_RESTART_DELAYS_S) - 1)]
            _log.error("the control process ended with %d; starting it again", code)
            await asyncio.sleep(delay_s)
            if self._listener.fileno() < 0:  # closed: a stop came meanwhile
                return

    async def _run_once(self) -> int:
        """Run the process until it ends; give its exit code."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = await self._spawned(theirs)
            # Its own copy, as asyncio closes the one that it is given.
            reader, writer = await asyncio.open_connection(sock=ours.dup())
        self._channel = Channel(reader, writer, decoder(FromControl))
        try:
            supervisor = self._supervisor
            begin = Begin(self.settings, supervisor.version, supervisor.functions)
            await self._channel.send(begin)
            await self._listen(self._channel)
            return await self._process.wait()
        finally:
            self._supervisor.ledger.control_gone()
            self._channel.close()
            self._channel = None
            for stored in self._stored.values():
                if not stored.done():
                    stored.set_result("the control process ended while it stored what it was given")

    async def _spawned(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        channel_fd, listener_fd = theirs.fileno(), self._listener.fileno()
        return await asyncio.create_subprocess_exec(
            *command_of("bargate.control.process", channel_fd, listener_fd),
            pass_fds=(channel_fd, listener_fd),
            stdin=asyncio.subprocess.DEVNULL,
        )

    async def _listen(self, channel: Channel[FromControl]) -> None:
        """Do what the control process asks for until it is gone."""
        while (message := await channel.receive()) is not None:
            match message:
                case Publish(update):
                    await channel.send(Applied(update.version, await self._apply(message)))
                case Opened():
                    # Not before: what a process is told whose start is refused would be lost.
                    self._supervisor.ledger.control_there(channel.post)
                case Listening():
                    self._listening.set()
                case Stored(number, error):
                    stored = self._stored.get(number)
                    if stored is not None and not stored.done():
                        stored.set_result(error)
                case LeasedQuotas():
                    self._supervisor.ledger.leased(message)
                case Forget(keys):
                    self._supervisor.ledger.forget(keys)
                case Collect(number):
                    # Not awaited: a worker that does not answer must not hold up a change.
                    task = asyncio.get_running_loop().create_task(self._collect(channel, number))
                    self._collecting.add(task)
                    task.add_done_callback(self._collecting.discard)

    async def _collect(self, channel: Channel[FromControl], number: int) -> None:
        metrics = await self._supervisor.collect()
        supervisor = self._supervisor
        await channel.send(Collected(number, metrics, supervisor.version, supervisor.applied_at))

    async def _apply(self, publish: Publish) -> str | None:
        try:
            await self._supervisor.apply(publish.update)
        except (WorkerFailed, TimeoutError) as error:
            return str(error) or "the workers did not answer in time"
        return None
