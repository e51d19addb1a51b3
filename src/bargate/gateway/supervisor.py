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
import logging
from typing import TYPE_CHECKING

from bargate.gateway.channel import Serve, Swap, Why
from bargate.gateway.listening import listen
from bargate.gateway.worker_process import START_TIMEOUT_S, WorkerFailed, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bargate.model.installation import Installation
    from bargate.settings import GatewaySettings
    from bargate.snapshot.explain import ExplainedCall


_log = logging.getLogger("bargate.supervisor")


class Supervisor:
    """Starts, feeds, restarts and stops the workers of one gateway."""

    def __init__(self, settings: GatewaySettings, installation: Installation) -> None:
        self._settings = settings
        self._installation = installation
        self._version = 0  # of what is served
        self._asked = 0  # the last version that was tried
        self._question = 0
        self._sockets = listen(settings.host, settings.port, settings.workers)
        self._workers = [
            WorkerProcess(number, listener, self._first_words)
            for number, listener in enumerate(self._sockets)
        ]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the gateway listens on."""
        name = self._sockets[0].getsockname()
        return name[0], name[1]

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
        for worker in self._workers:
            worker.is_stopping = True
        for listener in self._sockets:
            listener.close()
        await asyncio.gather(*(worker.stop(drain_s) for worker in self._workers))

    def _first_words(self) -> tuple[int, Serve]:
        """Give what a worker that starts now must serve, and its version."""
        return self._version, Serve(self._settings, self._installation)


async def _swap_all(workers: Sequence[WorkerProcess], message: Swap) -> str | None:
    """Let all workers take a message; give the first objection."""
    errors = await asyncio.gather(*(worker.swap(message) for worker in workers))
    return next(filter(None, errors), None)
