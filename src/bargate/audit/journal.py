"""The thread that writes the log, all that waits at a time as one group.

    note (event loop) ──► held for a moment ─┐
    keep (event loop) ───────────────────────┴► queue ──► thread: complete, append, sync ──► answers

What is `kept` is durable when it is answered. What is `noted` is handed over within 50 ms and
reaches the disk within a second: refreshes and refusals cost their callers nothing.

While nothing can be written, or too much waits, `check` refuses what would be noted. What was
taken before is tried again every second, in its order; of refusals, which nobody can be kept from,
those that found no room are counted, and their number is noted afterwards.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.audit.event import OK, Event, SeriesName, told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bargate.audit.files import Series

MAX_WAITING: Final = 8_192
MAX_GROUP: Final = 512
_HOLD_S: Final = 0.05
_RETRY_S: Final = 1.0
_log = logging.getLogger("bargate.audit")


class LogUnavailable(Exception):
    """Nothing can be written to the audit log now, or too much waits."""


class Entry(Struct, frozen=True, eq=False):
    """An event on its way; `complete` adds in the thread what takes a look into the store."""

    series: SeriesName
    event: Event
    complete: Callable[[Event], Event] | None = None
    answer: asyncio.Future[None] | None = None


class Journal:
    """Takes events from one event loop. `is_durable` False never waits for the disk."""

    def __init__(self, series: Mapping[SeriesName, Series], *, is_durable: bool = True) -> None:
        self._series = series
        self._is_durable = is_durable
        self._queue: SimpleQueue[list[Entry] | None] = SimpleQueue()
        self._held: list[Entry] = []
        self._waiting = 0  # of the loop's thread alone
        self._lost = 0
        self._is_failing = False
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def check(self) -> None:
        """Raise LogUnavailable while what would be noted may not be done."""
        if self._is_failing or self._is_closed or self._waiting >= MAX_WAITING:
            raise LogUnavailable

    def note(self, entry: Entry) -> None:
        """Take an event that nobody waits for."""
        if self._is_closed or self._waiting + len(self._held) >= 2 * MAX_WAITING:
            self._lost += 1
            return
        if not self._held:
            asyncio.get_running_loop().call_later(_HOLD_S, self._hand_over)
        self._held.append(entry)
        if len(self._held) >= MAX_GROUP:
            self._hand_over()

    async def keep(
        self, series: SeriesName, event: Event, complete: Callable[[Event], Event] | None = None
    ) -> None:
        """Write an event; it is there when this returns. Raises LogUnavailable."""
        if self._is_closed:
            raise LogUnavailable
        if self._is_failing:
            self.note(Entry(series, event, complete))
            raise LogUnavailable
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.append(Entry(series, event, complete, answer))
        self._hand_over()
        await answer

    def close(self) -> None:
        """Write what was taken, if it can be written, and end."""
        self._hand_over()
        self._is_closed = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join()
        for each in self._series.values():
            each.close()

    def _hand_over(self) -> None:
        if not self._held or self._is_closed:
            return
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._thread = threading.Thread(target=self._serve, name="audit", daemon=True)
            self._thread.start()
        if self._lost and self._waiting < MAX_WAITING:
            self._held.append(_lost(self._lost))
            self._lost = 0
        self._waiting += len(self._held)
        self._queue.put(self._held)
        self._held = []

    # Of the thread from here on.

    def _serve(self) -> None:
        is_open, is_dirty = True, False
        while is_open:
            try:
                group, is_open = self._next_group(_RETRY_S if is_dirty else None)
            except Empty:
                is_dirty = not self._synced()
                continue
            self._write(group)
            is_dirty = True
        self._synced()

    def _next_group(self, timeout_s: float | None) -> tuple[list[Entry], bool]:
        first = self._queue.get(timeout=timeout_s)
        if first is None:
            return [], False
        group = list(first)
        while len(group) < MAX_GROUP:
            try:
                following = self._queue.get_nowait()
            except Empty:
                break
            if following is None:
                return group, False
            group += following
        return group, True

    def _write(self, group: list[Entry]) -> None:
        """Write a group, trying again until it is written or the journal is closed."""
        waits = any(each.answer is not None for each in group)
        of_series: dict[SeriesName, list[Event]] = {}
        _add(of_series, group)
        while (failure := self._appended(of_series, syncs=waits)) is not None:
            if not self._is_failing:
                self._is_failing = True
                _log.error("the audit log cannot be written, changes are refused: %s", failure)
            self._answer(group, is_written=False)
            if self._is_closed:
                _log.error("%d events of the audit log were lost", len(group))
                return
            time.sleep(_RETRY_S)
            group += self._taken_meanwhile(of_series)
        self._works_again()
        self._answer(group, is_written=True)

    def _taken_meanwhile(self, of_series: dict[SeriesName, list[Event]]) -> list[Entry]:
        """Give what came while nothing could be written, so that nobody waits for an answer."""
        taken: list[Entry] = []
        for _ in range(self._queue.qsize()):
            following = self._queue.get()
            if following is None:
                self._queue.put(None)
                break
            taken += following
        _add(of_series, taken)
        return taken

    def _works_again(self) -> None:
        if self._is_failing:
            self._is_failing = False
            _log.warning("the audit log is written again")

    def _appended(self, of_series: dict[SeriesName, list[Event]], *, syncs: bool) -> OSError | None:
        """Write what is not written yet; each series is taken away when it is."""
        try:
            for name in list(of_series):
                self._series[name].append(of_series[name])
                del of_series[name]
            if syncs and self._is_durable:
                for each in self._series.values():
                    each.sync()
        except OSError as failure:
            return failure
        return None

    def _synced(self) -> bool:
        try:
            if self._is_durable:
                for each in self._series.values():
                    each.sync()
        except OSError as failure:
            self._is_failing = True
            _log.error("the audit log does not reach the disk: %s", failure)
            return False
        self._works_again()
        return True

    def _answer(self, group: Sequence[Entry], *, is_written: bool) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits
                self._loop.call_soon_threadsafe(self._answered, group, is_written)

    def _answered(self, group: Sequence[Entry], is_written: bool) -> None:  # noqa: FBT001  a callback
        if is_written:
            self._waiting -= len(group)
        for each in group:
            if each.answer is None or each.answer.done():
                continue
            if is_written:
                each.answer.set_result(None)
            else:
                each.answer.set_exception(LogUnavailable())


def _add(of_series: dict[SeriesName, list[Event]], entries: Sequence[Entry]) -> None:
    for each in entries:
        of_series.setdefault(each.series, []).append(_completed(each))


def _completed(entry: Entry) -> Event:
    if entry.complete is None:
        return entry.event
    try:
        return entry.complete(entry.event)
    except Exception:  # noqa: BLE001  the edge of a thread: a bug leaves the event as it was
        _log.exception("an event of the audit log is not complete")
        return entry.event


def _lost(number: int) -> Entry:
    _log.error("%d refusals found no room in the audit log", number)
    event = Event(
        time=datetime.now(UTC),
        service="bargate",
        operation="LoseEvents",
        outcome=OK,
        resource=told(f"{number} refusals"),
    )
    return Entry("refused", event)
