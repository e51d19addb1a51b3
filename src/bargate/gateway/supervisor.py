"""The process that owns the listening sockets and looks after the workers.

    bargate serve ──► Supervisor ──(socket pair)──► worker 0 … worker N-1
         │                 │
         │ reload          └── one listening socket a worker, all on one port (SO_REUSEPORT):
         │                     a worker that dies is started again on the same socket, so that
    bargate why ──► run/       connections waiting on it are served, not lost
                    gateway-PORT.sock

It serves no call itself and holds no call's data.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from typing import TYPE_CHECKING

from bargate.gateway.channel import (
    Answer,
    Channel,
    Drain,
    FromWorker,
    Ready,
    Serve,
    Swap,
    Swapped,
    Why,
    supervisor_decoder,
)
from bargate.gateway.listening import listen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.model.installation import Installation
    from bargate.settings import GatewaySettings
    from bargate.snapshot.explain import ExplainedCall

START_TIMEOUT_S = 30.0
SWAP_TIMEOUT_S = 30.0
WHY_TIMEOUT_S = 2.0
_RESTART_DELAYS_S = (0.05, 0.2, 1.0, 5.0)
_STABLE_S = 10.0

_log = logging.getLogger("bargate.supervisor")


class WorkerFailed(Exception):
    """A worker did not start, or did not take what it was given; the text says why."""


class Supervisor:
    """Starts, feeds, restarts and stops the workers of one gateway."""

    def __init__(self, settings: GatewaySettings, installation: Installation) -> None:
        self._settings = settings
        self._installation = installation
        self._version = 0  # of what is served
        self._asked = 0  # the last version that was tried
        self._question = 0
        self._stopping = False
        self._sockets = listen(settings.host, settings.port, settings.workers)
        self._workers = [_Worker(self, number) for number in range(settings.workers)]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the gateway listens on."""
        name = self._sockets[0].getsockname()
        return name[0], name[1]

    async def start(self) -> None:
        """Start every worker; returns when all accept connections. Raises WorkerFailed."""
        for worker in self._workers:
            worker.begin()
        async with asyncio.timeout(START_TIMEOUT_S):
            await asyncio.gather(*(worker.until_ready() for worker in self._workers))

    async def swap(self, installation: Installation) -> None:
        """Serve another installation; returns when every worker does. Raises WorkerFailed.

        INVARIANT: what one worker refused is served by none, and a worker that is started begins
        with what all accepted.
        """
        self._asked += 1
        message = Swap(self._asked, installation)
        error = await _swap_all(self._workers, message)
        if error is not None:
            await self._roll_back(message.version)
            raise WorkerFailed(error)
        self._version, self._installation = message.version, installation
        # A worker that was just starting began with what was served before.
        late = [worker for worker in self._workers if worker.version != message.version]
        error = await _swap_all(late, message)
        if error is not None:
            _log.error("a worker that was starting serves what was served before: %s", error)

    async def _roll_back(self, refused: int) -> None:
        """Let those that took the refused version serve again what all of them served before."""
        taken = [worker for worker in self._workers if worker.version == refused]
        error = await _swap_all(taken, Swap(self._version, self._installation))
        if error is not None:
            _log.error("a worker may serve what another refused: %s", error)

    async def why(self, request_id: str) -> ExplainedCall | None:
        """Ask every worker what became of a request."""
        self._question += 1
        question = Why(self._question, request_id)
        answers = await asyncio.gather(*(worker.why(question) for worker in self._workers))
        return next(filter(None, answers), None)

    async def stop(self, drain_s: float) -> None:
        """Let every worker finish within `drain_s`, then end those that did not."""
        self._stopping = True
        for listener in self._sockets:
            listener.close()
        await asyncio.gather(*(worker.stop(drain_s) for worker in self._workers))

    def first_words(self) -> tuple[int, Serve]:
        """Give what a worker that starts now must serve, and its version."""
        return self._version, Serve(self._settings, self._installation)

    def listener(self, number: int) -> socket.socket:
        """Give the listening socket of a worker."""
        return self._sockets[number]

    @property
    def is_stopping(self) -> bool:
        """Say whether workers that end are meant to."""
        return self._stopping


class _Worker:
    """One worker process, started again whenever it ends unasked."""

    def __init__(self, supervisor: Supervisor, number: int) -> None:
        self._supervisor = supervisor
        self._number = number
        self.version = 0  # of what it serves, or was last told to
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel[FromWorker] | None = None
        self._ready = asyncio.Event()
        self._swaps: dict[int, asyncio.Future[str | None]] = {}
        self._questions: dict[int, asyncio.Future[ExplainedCall | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._keep_running())

    async def until_ready(self) -> None:
        """Wait until the worker accepts; a worker that ends before that is a failed start."""
        assert self._task is not None  # noqa: S101  begun before
        ready = asyncio.ensure_future(self._ready.wait())
        await asyncio.wait({ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            await self._task
            raise WorkerFailed(f"worker {self._number} did not start; its log says why")

    async def _keep_running(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            started_s = loop.time()
            how = await self._how_it_ended()
            if self._supervisor.is_stopping:
                return
            if not self._ready.is_set():
                raise WorkerFailed(f"worker {self._number} {how} before it was ready")
            failures = 0 if loop.time() - started_s > _STABLE_S else failures + 1
            delay_s = _RESTART_DELAYS_S[min(failures, len(_RESTART_DELAYS_S) - 1)]
            _log.error("worker %d %s; starting it again", self._number, how)
            await asyncio.sleep(delay_s)

    async def _how_it_ended(self) -> str:
        """Run the process until it ends; a process that cannot be started has ended too."""
        try:
            return f"ended with {await self._run_once()}"
        except OSError as error:  # no memory, no descriptors, no program: all may come back
            return f"could not be started: {error}"

    async def _run_once(self) -> int:
        """Run the process until it ends; give its exit code."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self._process = await self._spawned(theirs)
            # Its own copy, as asyncio closes the one that it is given.
            reader, writer = await asyncio.open_connection(sock=ours.dup())
        self._channel = Channel(reader, writer, supervisor_decoder())
        try:
            self.version, words = self._supervisor.first_words()
            await self._channel.send(words)
            while (message := await self._channel.receive()) is not None:
                self._take(message)
        finally:
            self._channel.close()
            self._channel = None
            self._abandon()
        return await self._ended()

    async def _spawned(self, channel: socket.socket) -> asyncio.subprocess.Process:
        listener = self._supervisor.listener(self._number)
        descriptors = (channel.fileno(), listener.fileno())
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bargate.gateway.worker",
            *map(str, descriptors),
            pass_fds=descriptors,
            stdin=asyncio.subprocess.DEVNULL,
        )

    def _take(self, message: FromWorker) -> None:
        match message:
            case Ready():
                self._ready.set()
            case Swapped(version, error):
                if error is None:
                    self.version = version
                if (swap := self._swaps.pop(version, None)) and not swap.done():
                    swap.set_result(error)
            case Answer(number, explained):
                if (question := self._questions.pop(number, None)) and not question.done():
                    question.set_result(explained)

    def _abandon(self) -> None:
        """Let nobody wait for a worker that ended: the next one starts with what is served."""
        for swap in self._swaps.values():
            if not swap.done():
                swap.set_result(f"worker {self._number} ended while it took the new configuration")
        for question in self._questions.values():
            if not question.done():
                question.set_result(None)
        self._swaps.clear()
        self._questions.clear()

    async def _ended(self) -> int:
        assert self._process is not None  # noqa: S101  started before
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    async def swap(self, message: Swap) -> str | None:
        """Let the worker serve another installation; give what it has against it.

        A worker that is not there takes what is served when it is started.
        """
        if self._channel is None:
            return None
        swapped: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._swaps[message.version] = swapped
        try:
            async with asyncio.timeout(SWAP_TIMEOUT_S):
                await self._channel.send(message)
                return await swapped
        except TimeoutError:
            return f"worker {self._number} did not take it within {SWAP_TIMEOUT_S:g} s"
        finally:
            self._swaps.pop(message.version, None)

    async def why(self, question: Why) -> ExplainedCall | None:
        if self._channel is None:
            return None
        answer: asyncio.Future[ExplainedCall | None] = asyncio.get_running_loop().create_future()
        self._questions[question.number] = answer
        await self._channel.send(question)
        try:
            async with asyncio.timeout(WHY_TIMEOUT_S):
                return await answer
        except TimeoutError:
            return None
        finally:
            self._questions.pop(question.number, None)

    async def stop(self, drain_s: float) -> None:
        process, task = self._process, self._task
        if process is None or task is None:
            return
        if self._channel is not None:
            await self._channel.send(Drain(drain_s))
        try:
            async with asyncio.timeout(drain_s + 1.0):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, WorkerFailed):
            await task


async def _swap_all(workers: Sequence[_Worker], message: Swap) -> str | None:
    """Let all workers take a message; give the first objection."""
    errors = await asyncio.gather(*(worker.swap(message) for worker in workers))
    return next(filter(None, errors), None)
