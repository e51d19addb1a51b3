"""One worker process as its supervisor sees it: started, asked, started again, stopped.

Supervisor ──► WorkerProcess ──(socket pair)──► python -m bargate.gateway.worker
│
└── ended unasked: again, after a pause that grows
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import sys
from typing import TYPE_CHECKING, TypeAlias

from bargate.gateway.channel import (
    Answer,
    Channel,
    Drain,
    FromWorker,
    Ready,
    Swap,
    Swapped,
    Why,
    supervisor_decoder,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.channel import Serve
    from bargate.snapshot.explain import ExplainedCall

START_TIMEOUT_S = 30.0
SWAP_TIMEOUT_S = 30.0
WHY_TIMEOUT_S = 2.0
_RESTART_DELAYS_S = (0.05, 0.2, 1.0, 5.0)
_STABLE_S = 10.0

# Gives what a worker that starts now must serve, and its version.
FirstWords: TypeAlias = "Callable[[], tuple[int, Serve]]"

_log = logging.getLogger("bargate.supervisor")


class WorkerFailed(Exception):
    """A worker did not start, or did not take what it was given; the text says why."""


class WorkerProcess:
    """One worker process, started again whenever it ends unasked, on the same `listener`."""

    def __init__(self, number: int, listener: socket.socket, first_words: FirstWords) -> None:
        self._number = number
        self._listener = listener
        self._first_words = first_words
        self.is_stopping = False  # said before it ends, so that it is not started again
        self.version = 0  # of what it serves, or was last told to
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel[FromWorker] | None = None
        self._ready = asyncio.Event()
        self._swaps: dict[int, asyncio.Future[str | None]] = {}
        self._questions: dict[int, asyncio.Future[ExplainedCall | None]] = {}
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start the process, and start it again whenever it ends unasked."""
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
            if self.is_stopping:
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
            self.version, words = self._first_words()
            await self._channel.send(words)
            while (message := await self._channel.receive()) is not None:
                self._take(message)
        finally:
            self._channel.close()
            self._channel = None
            self._abandon()
        return await self._ended()

    async def _spawned(self, channel: socket.socket) -> asyncio.subprocess.Process:
        descriptors = (channel.fileno(), self._listener.fileno())
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
        """Ask what became of a request; None when the worker does not know or does not say."""
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
        """Let the worker finish within `drain_s`, then end it."""
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
