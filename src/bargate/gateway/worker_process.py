"""One worker process as its supervisor sees it: started, asked, started again, stopped.

Supervisor ──► WorkerProcess ──(socket pair)──► python -m bargate.gateway.worker
│
└── ended unasked: again, after a pause that grows, with all that is served by then
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from bargate.frames import Channel
from bargate.gateway.channel import (
    Answer,
    Applied,
    Apply,
    AskBuckets,
    AskQuotas,
    Collect,
    Collected,
    Drain,
    Ready,
    Renew,
    Why,
    supervisor_decoder,
)
from bargate.gateway.metrics import Metrics, merged
from bargate.gateway.spawning import command_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bargate.gateway.channel import FromWorker, Serve
    from bargate.gateway.ledger_desk import LedgerDesk
    from bargate.snapshot.explain import ExplainedCall

START_TIMEOUT_S = 30.0
APPLY_TIMEOUT_S = 30.0
ASK_TIMEOUT_S = 2.0
_RESTART_DELAYS_S = (0.05, 0.2, 1.0, 5.0)
_STABLE_S = 10.0
# The store's alone (`store.folder`): whoever takes over a worker must not be able to open it.
_NOT_FOR_WORKERS = frozenset({"BARGATE_MASTER_KEY"})

_log = logging.getLogger("bargate.supervisor")


class FirstWords(Struct, frozen=True, eq=False):
    """What a worker that starts now must serve: `whole` in pieces, which has a `number`."""

    number: int
    serve: Serve
    whole: Sequence[Apply]


Begin: TypeAlias = "Callable[[], FirstWords]"


class WorkerFailed(Exception):
    """A worker did not start, or did not take what it was given; the text says why."""


class WorkerGone(Exception):
    """A worker ended while it was asked."""


class WorkerProcess:
    """One worker process, started again whenever it ends unasked, on the same `listeners`.

    `begin_with` gives what it must serve from its start; `serves` is the number of what it serves,
    or was last told to. What it asks about limits goes to `desk`.
    """

    def __init__(
        self,
        number: int,
        listeners: Sequence[socket.socket],
        begin_with: Begin,
        desk: LedgerDesk,
    ) -> None:
        self._number = number
        self._desk = desk
        self._listeners = listeners
        self._begin_with = begin_with
        self.is_stopping = False  # said before it ends, so that it is not started again
        self.serves = 0
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel[FromWorker] | None = None
        self._ready = asyncio.Event()
        self._was_ready = False
        # Questions under way, by the kind and number of their answers.
        self._asked: dict[tuple[type, int], asyncio.Future[Any]] = {}
        self._counted = Metrics()  # by the process that runs now, as far as it was asked
        self._counted_before = Metrics()  # by those that ended
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
            if not self._was_ready:
                raise WorkerFailed(f"worker {self._number} {how} before it was ready")
            failures = 0 if loop.time() - started_s > _STABLE_S else failures + 1
            delay_s = _RESTART_DELAYS_S[min(failures, len(_RESTART_DELAYS_S) - 1)]
            _log.error("worker %d %s; starting it again", self._number, how)
            await asyncio.sleep(delay_s)
            if self._listeners[0].fileno() < 0:  # closed: a stop came meanwhile
                return

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
        self._desk.worker_there(self._number, self._channel.post)
        try:
            words = self._begin_with()
            self.serves = words.number
            await self._channel.send(words.serve)
            for piece in words.whole:
                await self._channel.send(piece)
            while (message := await self._channel.receive()) is not None:
                self._take(message)
        finally:
            self._desk.worker_gone(self._number)
            self._channel.close()
            self._channel = None
            self._ready.clear()
            self._abandon()
        return await self._ended()

    async def _spawned(self, channel: socket.socket) -> asyncio.subprocess.Process:
        descriptors = (channel.fileno(), *(each.fileno() for each in self._listeners))
        return await asyncio.create_subprocess_exec(
            *command_of("bargate.gateway.worker", *descriptors),
            pass_fds=descriptors,
            env={name: value for name, value in os.environ.items() if name not in _NOT_FOR_WORKERS},
            stdin=asyncio.subprocess.DEVNULL,
        )

    def _take(self, message: FromWorker) -> None:
        match message:
            case Ready():
                self._was_ready = True
                self._ready.set()
            case Applied(number, error):
                if error is None:
                    self.serves = number
                self._answered(Applied, number, error)
            case Answer(number, explained):
                self._answered(Answer, number, explained)
            case Collected(number, metrics):
                self._counted = metrics
                self._answered(Collected, number, None)
            case AskBuckets() | AskQuotas():
                self._desk.asked(self._number, message)

    def _answered(self, kind: type, number: int, answer: Any) -> None:
        asked = self._asked.pop((kind, number), None)
        if asked is not None and not asked.done():
            asked.set_result(answer)

    def _abandon(self) -> None:
        """Let nobody wait for a worker that ended, and keep what it had counted."""
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(WorkerGone())
        self._asked.clear()
        self._counted_before = merged((self._counted_before, self._counted))
        self._counted = Metrics()

    async def _ended(self) -> int:
        assert self._process is not None  # noqa: S101  started before
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    async def apply(self, number: int, pieces: Sequence[Apply]) -> str | None:
        """Let the worker take an update; give what it has against it.

        A worker that is not there takes what is served when it is started. One that ends while it
        takes the update is given it once more when it is back: it may have ended for any reason.
        """
        for _ in range(2):
            if self._channel is None:
                return None
            try:
                async with asyncio.timeout(APPLY_TIMEOUT_S):
                    await self._ready.wait()
                    error: str | None = await self._ask(Applied, number, *pieces)
                    return error
            except TimeoutError:
                self.end()  # it might still take it, when nobody waits any more
                return f"worker {self._number} did not take it within {APPLY_TIMEOUT_S:g} s"
            except WorkerGone:
                await self._until_back()
        return f"worker {self._number} ended while it took the new configuration"

    async def _until_back(self) -> None:
        """Wait until the worker is there again, for as long as a start may take."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._ready.wait()

    async def _ask(self, kind: type, number: int, *messages: Struct) -> Any:
        """Send messages and give the answer to them; raises WorkerGone."""
        if self._channel is None:
            raise WorkerGone
        asked: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._asked[kind, number] = asked
        try:
            for message in messages:
                await self._channel.send(message)
            return await asked
        finally:
            self._asked.pop((kind, number), None)

    async def renew(self) -> None:
        """Let the worker open its log and read its certificate again."""
        if self._channel is not None:
            await self._channel.send(Renew())

    async def why(self, question: Why) -> ExplainedCall | None:
        """Ask what became of a request; None when the worker does not know or does not say."""
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                explained: ExplainedCall | None = await self._ask(Answer, question.number, question)
        except (TimeoutError, WorkerGone):
            return None
        return explained

    async def collect(self, question: Collect) -> Metrics:
        """Give what this worker has counted, and those in its place before it.

        What cannot be asked now is as it was when last asked, so that no count ever falls.
        """
        with contextlib.suppress(TimeoutError, WorkerGone):
            async with asyncio.timeout(ASK_TIMEOUT_S):
                await self._ask(Collected, question.number, question)
        return merged((self._counted_before, self._counted))

    def end(self) -> None:
        """End the process at once, to be started again with what is served."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

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
        # Its last words, what it gives back, may not have been read yet.
        await asyncio.wait({task}, timeout=1.0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, WorkerFailed):
            await task
