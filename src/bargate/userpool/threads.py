"""Threads for mathematics that lets go of the interpreter: argon2, RSA, SRP's exponentiations.

    await run(work) ──► queue, bounded ──► one of as many threads as there are cores
                    ◄── its result, or what it raised

The standard library's executor does the same; its hand-over takes a tenth of two RSA signatures.
"""

from __future__ import annotations

import asyncio
import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec import Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_WAITING: Final = 1_024
Result = TypeVar("Result")


class _Piece(Struct, frozen=True, eq=False):
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class Threads:
    """Does work beside the event loop; started as they are needed, and gone with the process."""

    def __init__(self, name: str, count: int | None = None) -> None:
        self._name = name
        self._count = count or len(os.sched_getaffinity(0))
        self._threads: list[threading.Thread] = []
        self._queue: SimpleQueue[_Piece | None] = SimpleQueue()
        self.waiting = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do work that waits for nothing; raises what it raises, and TooManyRequestsException."""
        if self.waiting >= MAX_WAITING:
            raise AwsError("TooManyRequestsException", "Rate exceeded")
        if len(self._threads) < self._count:
            self._start_one()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self.waiting += 1
        self._queue.put(_Piece(work, loop, answer))
        return cast("Result", await answer)

    def close(self) -> None:
        """Let the threads end when they have done what waits."""
        for _ in self._threads:
            self._queue.put(None)

    def _start_one(self) -> None:
        thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (piece := self._queue.get()) is not None:
            result, error = _outcome(piece)
            try:
                piece.loop.call_soon_threadsafe(self._settle, piece.answer, result, error)
            except RuntimeError:  # the loop was closed: nobody waits for this
                self.waiting -= 1
            del piece, result, error  # it may hold a password

    def _settle(
        self, answer: asyncio.Future[Any], result: object, error: BaseException | None
    ) -> None:
        self.waiting -= 1
        if answer.done():  # its task was cancelled
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)


def _outcome(piece: _Piece) -> tuple[object, BaseException | None]:
    """Do a piece of work, unless nobody waits for it any more."""
    if piece.answer.done():
        return None, None
    try:
        return piece.work(), None
    except BaseException as error:  # noqa: BLE001  it is raised where it is waited for
        return None, error
