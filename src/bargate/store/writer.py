"""The thread that does submitted work, all that waits at a time as one group.

submit (event loop) ──► queue ──► thread: commit the group ──► event loop: deliver, then answer
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.store.groups import Outcome
from bargate.store.interface import StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bargate.store.groups import Work

MAX_WAITING = 1_024
MAX_GROUP = 64


class _Submitted(Struct, frozen=True, eq=False):
    work: Work
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Outcome]


class Writer:
    """Takes work from event loops; `commit` does a group, `deliver` calls the listeners."""

    def __init__(
        self, commit: Callable[[Sequence[Work]], list[Outcome]], deliver: Callable[[], None]
    ) -> None:
        self._commit = commit
        self._deliver = deliver
        self._queue: SimpleQueue[_Submitted | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def submit(self, work: Work) -> asyncio.Future[Outcome]:
        """Take work; raises StoreBusy. Its outcome comes after the listeners were called."""
        loop = asyncio.get_running_loop()
        submitted = _Submitted(work, loop, loop.create_future())
        with self._lock:
            if self._is_closed:
                raise StoreUnavailable("the store is closed")
            if self._queue.qsize() >= MAX_WAITING:
                raise StoreBusy(f"{MAX_WAITING} pieces of work wait to be written")
            self._queue.put(submitted)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="store", daemon=True)
                self._thread.start()
        return submitted.answer

    def close(self) -> None:
        """Take no more work, and wait until all that was taken is done."""
        with self._lock:
            self._is_closed = True
            self._queue.put(None)
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            self._answer(group, self._outcomes(group))

    def _outcomes(self, group: Sequence[_Submitted]) -> Sequence[Outcome]:
        try:
            return self._commit([each.work for each in group])
        except BaseException as error:  # noqa: BLE001 (nobody may wait for an answer for ever)
            return [Outcome(error=error)] * len(group)

    def _next_group(self) -> tuple[list[_Submitted], bool]:
        first = self._queue.get()
        if first is None:
            return [], False
        group = [first]
        while len(group) < MAX_GROUP:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                return group, False
            group.append(following)
        return group, True

    def _answer(self, group: Sequence[_Submitted], outcomes: Sequence[Outcome]) -> None:
        answers: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome]]] = {}
        for each, outcome in zip(group, outcomes, strict=True):
            answers.setdefault(each.loop, []).append((each.answer, outcome))
        for loop, its_answers in answers.items():
            with suppress(RuntimeError):  # the loop was closed: nobody waits for these
                loop.call_soon_threadsafe(self._deliver_and_answer, its_answers)

    def _deliver_and_answer(
        self, answers: Sequence[tuple[asyncio.Future[Outcome], Outcome]]
    ) -> None:
        try:
            self._deliver()
        finally:
            for answer, outcome in answers:
                if not answer.done():  # it is done when its task was cancelled
                    answer.set_result(outcome)
