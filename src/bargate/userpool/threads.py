"""Threads for mathematics that lets go of the interpreter: argon2, RSA, SRP's exponentiations.

    await run(work) ──► queue, bounded ──► one of as many threads as there are cores
                    ◄── its result, or what it raised

The standard library's executor does the same; its hand-over takes a tenth of two RSA signatures.

Where pieces are short, results are held for a moment while more work waits, and are handed over
together: the event loop then answers several callers at once, with its code warm in the core's
caches, instead of being called between any two pieces. Nothing is held when nothing waits.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from msgspec import Struct

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_WAITING: Final = 1_024
HELD: Final = 4  # results of short pieces: two signatures are 2 ms
HOLD_S: Final = 0.008  # from then on the piece that is under way is the last
Result = TypeVar("Result")


class _Piece(Struct, frozen=True, eq=False):
    work: Callable[[], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]


class _Done(Struct, frozen=True, eq=False):
    """What became of a piece of work."""

    piece: _Piece
    result: object
    error: BaseException | None
    done_s: float


class Threads:
    """Does work beside the event loop; started as they are needed, and gone with the process.

    Up to `held` results are handed over together while other work waits.
    """

    def __init__(self, name: str, count: int | None = None, held: int = 1) -> None:
        self._name = name
        self._count = count or len(os.sched_getaffinity(0))
        self._held = held
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

    # Of the threads, but for `_settle`.

    def _serve(self) -> None:
        held: list[_Done] = []
        while (piece := self._next(held)) is not None:
            held.append(_done(piece))
            del piece  # it may hold a password

    def _next(self, held: list[_Done]) -> _Piece | None:
        """Give the next piece; before there is nothing to do, what is held is handed over."""
        if held and len(held) < self._held and time.monotonic() < held[0].done_s + HOLD_S:
            try:
                piece = self._queue.get_nowait()
            except Empty:
                pass
            else:
                if piece is None:
                    self._hand_over(held)
                return piece
        self._hand_over(held)
        return self._queue.get()

    def _hand_over(self, held: list[_Done]) -> None:
        for loop in {each.piece.loop for each in held}:
            of_loop = [each for each in held if each.piece.loop is loop]
            try:
                loop.call_soon_threadsafe(self._settle, of_loop)
            except RuntimeError:  # the loop was closed: nobody waits for this
                self.waiting -= len(of_loop)
        held.clear()

    def _settle(self, done: Sequence[_Done]) -> None:
        for each in done:
            self.waiting -= 1
            answer = each.piece.answer
            if answer.done():  # its task was cancelled
                continue
            if each.error is None:
                answer.set_result(each.result)
            else:
                answer.set_exception(each.error)


def _done(piece: _Piece) -> _Done:
    """Do a piece of work, unless nobody waits for it any more."""
    result, error = None, None
    if not piece.answer.done():
        try:
            result = piece.work()
        except BaseException as raised:  # noqa: BLE001  it is raised where it is waited for
            error = raised
    return _Done(piece, result, error, time.monotonic())
