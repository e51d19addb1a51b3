"""The process that owns the listening sockets and looks after the workers.

    bargate serve ──► Supervisor ──(socket pair)──► worker 0 … worker N-1
         │ apply           │
         │                 └── one listening socket a worker, all on one port (SO_REUSEPORT):
         │                     a worker that dies is started again on the same socket, so that
    bargate why ──► run/       connections waiting on it are served, not lost
                    gateway-PORT.sock

    with the first function ──► HostProcess, which runs all of them and alone is told of them

It serves no call itself and holds no call's data; it keeps the state that the workers serve, so
that one that starts needs nobody else, and counts their limits (`ledger_desk`). Updates are applied
one after the other; those that come while one is under way are applied together.
"""

from __future__ import annotations

import asyncio
import logging
from time import time
from typing import TYPE_CHECKING, TypeAlias

from msgspec import structs

from bargate.functions.messages import is_for_workers
from bargate.gateway.channel import PIECE_BYTES, Apply, Collect, Serve, Why, size_bytes
from bargate.gateway.ledger_desk import LedgerDesk
from bargate.gateway.listening import listen
from bargate.gateway.metrics import merged
from bargate.gateway.worker_process import (
    START_TIMEOUT_S,
    FirstWords,
    WorkerFailed,
    WorkerProcess,
)
from bargate.model.installation import Installation
from bargate.snapshot.parts import StaleBase, Update, apply, split

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

    from bargate.functions.messages import HostPlace
    from bargate.gateway.host_process import HostProcess
    from bargate.gateway.metrics import Metrics
    from bargate.settings import GatewaySettings
    from bargate.snapshot.explain import ExplainedCall
    from bargate.snapshot.parts import Part, State


_log = logging.getLogger("bargate.supervisor")

_Waiting: TypeAlias = "tuple[Update, asyncio.Future[None]]"


class Supervisor:
    """Starts, feeds, restarts and stops the workers of one gateway.

    `state` is what they serve at first; `installation` says where (its stages are not looked at).
    `version` is that of the last update that every worker took, at `applied_at` (seconds, epoch).
    `ledger` is where the workers' limits are counted; `host` runs functions, None where none can.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        state: State,
        installation: Installation | None = None,
        host: HostProcess | None = None,
    ) -> None:
        self._host = host
        self._serve = Serve(settings, installation or Installation(), self.functions)
        self._state = state
        self.version = 0
        self.applied_at = time()
        self._number = 0  # of what is served
        self._tried = 0  # the last number that was given to an attempt
        self._question = 0
        self._waiting: list[_Waiting] = []
        self.ledger = LedgerDesk()
        self._applying: asyncio.Task[None] | None = None
        self._sockets = listen(settings.host, settings.port, settings.workers)
        with_tls = settings.tls_listen
        self._tls_sockets = [] if with_tls is None else listen(*with_tls, settings.workers)
        self._workers = [
            WorkerProcess(number, self._listeners(number), self._first_words, self.ledger)
            for number in range(settings.workers)
        ]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the gateway listens on."""
        name = self._sockets[0].getsockname()
        return name[0], name[1]

    @property
    def functions(self) -> HostPlace | None:
        """Where functions are invoked, None where none can be."""
        return None if self._host is None else self._host.place

    @property
    def tls_address(self) -> tuple[str, int] | None:
        """Host and port that TLS has of its own, None when it has none."""
        if not self._tls_sockets:
            return None
        name = self._tls_sockets[0].getsockname()
        return name[0], name[1]

    def _listeners(self, number: int) -> tuple[socket.socket, ...]:
        """Give the sockets of one worker: the gateway's, then that of TLS if it has its own."""
        return (self._sockets[number], *self._tls_sockets[number : number + 1])

    async def start(self) -> None:
        """Start every worker; returns when all accept connections. Raises WorkerFailed."""
        for worker in self._workers:
            worker.begin()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await asyncio.gather(*(worker.until_ready() for worker in self._workers))
        except TimeoutError as error:
            message = f"a worker was not ready within {START_TIMEOUT_S:g} s; its log says why"
            raise WorkerFailed(message) from error
        await self._let_host_follow(())

    async def apply(self, update: Update) -> None:
        """Serve what an update leads to; returns when all do. Raises WorkerFailed.

        The host is told after the workers, who may refuse it.

        INVARIANT: what one worker refused is served by none, and a worker that is started begins
        with what all accepted.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((update, done))
        if self._applying is None or self._applying.done():
            self._applying = asyncio.get_running_loop().create_task(self._apply_waiting())
        await done

    async def _apply_waiting(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._apply_batch(batch)
            except asyncio.CancelledError:
                for _, done in batch:
                    _settle(done, "the gateway stops")
                raise

    async def _apply_batch(self, batch: Sequence[_Waiting]) -> None:
        error = await self._try([update for update, _ in batch])
        if error is None or len(batch) == 1:
            for _, done in batch:
                _settle(done, error)
            return
        for update, done in batch:  # one of them is at fault: the others are served
            _settle(done, await self._try([update]))

    async def _try(self, updates: Sequence[Update]) -> str | None:
        """Let every worker take updates, as one; give the first objection."""
        self._tried += 1
        number, state = self._tried, self._state
        try:
            for update in updates:
                state = apply(state, update)
            pieces = _pieces(number, updates)
            error = await _apply_all(self._workers, number, pieces)
            if error is not None:
                await self._roll_back(number)
                return error
        except StaleBase as stale:
            return str(stale)
        except Exception as bug:  # noqa: BLE001 - told to whoever applies; the next update goes on
            _log.exception("an update could not be applied")
            return f"a bug: {bug!r}"
        self._number, self._state = number, state
        self.version, self.applied_at = updates[-1].version, time()
        # A worker that was just starting began with what was served before.
        late = [worker for worker in self._workers if worker.serves != number]
        await self._bring(late, number, pieces, "a worker that was starting did not take an update")
        await self._let_host_follow(updates)
        return None

    async def _let_host_follow(self, updates: Sequence[Update]) -> None:
        if self._host is None:
            return
        try:
            await self._host.follow(updates, lambda: self._state)
        except OSError as error:
            _log.error("functions cannot be run: %s", error)

    async def _roll_back(self, refused: int) -> None:
        """Let those that took what is refused serve again what all of them served before."""
        taken = [worker for worker in self._workers if worker.serves == refused]
        pieces = self._whole()
        await self._bring(taken, self._number, pieces, "a worker did not go back")

    async def _bring(
        self, workers: Sequence[WorkerProcess], number: int, pieces: Sequence[Apply], what: str
    ) -> None:
        """Let workers take what is served; one that does not is started again with it."""
        errors = await asyncio.gather(*(worker.apply(number, pieces) for worker in workers))
        for worker, error in zip(workers, errors, strict=True):
            if error is not None:
                _log.error("%s and is started again: %s", what, error)
                worker.end()

    async def renew(self) -> None:
        """Let every worker open its log and read its certificate again."""
        await asyncio.gather(*(worker.renew() for worker in self._workers))

    async def collect(self) -> Metrics:
        """Add up what all workers have counted since the gateway started."""
        self._question += 1
        question = Collect(self._question)
        return merged(await asyncio.gather(*(each.collect(question) for each in self._workers)))

    async def why(self, request_id: str) -> ExplainedCall | None:
        """Ask every worker what became of a request."""
        self._question += 1
        question = Why(self._question, request_id)
        answers = await asyncio.gather(*(worker.why(question) for worker in self._workers))
        return next(filter(None, answers), None)

    async def stop(self, drain_s: float) -> None:
        """Let every worker finish within `drain_s`, then end those that did not."""
        if self._applying is not None:
            self._applying.cancel()
        for _, done in self._waiting:
            _settle(done, "the gateway stops")
        for worker in self._workers:
            worker.is_stopping = True
        for listener in (*self._sockets, *self._tls_sockets):
            listener.close()
        await asyncio.gather(*(worker.stop(drain_s) for worker in self._workers))

    def _first_words(self) -> FirstWords:
        """Give what a worker that starts now must serve."""
        return FirstWords(self._number, self._serve, self._whole())

    def _whole(self) -> list[Apply]:
        put: dict[str, Part] = {**self._state}
        whole = Update(version=self.version, whole=True, put=put)
        return _pieces(self._number, (whole,))


def _pieces(number: int, updates: Sequence[Update]) -> list[Apply]:
    """Cut updates into messages that fit into frames; the last one says that it is the last."""
    wanted = map(_for_workers, updates)
    pieces = [piece for update in wanted for piece, _ in split(update, PIECE_BYTES, size_bytes)]
    return [Apply(number, piece, at < len(pieces) - 1) for at, piece in enumerate(pieces)]


def _for_workers(update: Update) -> Update:
    """Leave out what workers may not know."""
    if all(map(is_for_workers, (*update.put, *update.gone))):
        return update
    put = {name: part for name, part in update.put.items() if is_for_workers(name)}
    return structs.replace(update, put=put, gone=tuple(filter(is_for_workers, update.gone)))


async def _apply_all(
    workers: Sequence[WorkerProcess], number: int, pieces: Sequence[Apply]
) -> str | None:
    """Let all workers take an update; give the first objection."""
    errors = await asyncio.gather(*(worker.apply(number, pieces) for worker in workers))
    return next(filter(None, errors), None)


def _settle(done: asyncio.Future[None], error: str | None) -> None:
    """Answer whoever applied an update, unless nobody waits any more."""
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(WorkerFailed(error))
