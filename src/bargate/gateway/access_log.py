"""One line a call, written in batches by a thread, so that a slow disk never holds a call.

    call_done ──► format ──► batch (one per tick) ──► bounded queue ──► writer thread ──► file

No header, query string, token or key gets into a line. When the writer falls behind, whole batches
are dropped and counted, and a line says how many calls are missing.
"""

from __future__ import annotations

import os
import queue
import stat
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.serving import CallRecord

MAX_QUEUED_BATCHES = 64
MAX_BATCH_LINES = 512
_PIPE_ATOMIC_BYTES = 4096  # Linux PIPE_BUF: longer writes of several workers may interleave


class AccessLog:
    """Collects lines; `flush` must be called on a tick of the event loop."""

    def __init__(self, target: str, format_line: Callable[[CallRecord], bytes]) -> None:
        self._format = format_line
        self._batch: list[bytes] = []
        self._dropped = 0
        self._queue: queue.Queue[list[bytes] | None] = queue.Queue(MAX_QUEUED_BATCHES)
        self._writer = _Writer(target, self._queue)
        self._writer.start()

    def call_done(self, record: CallRecord) -> None:
        """Add the line of a finished call."""
        self._batch.append(self._format(record))
        if len(self._batch) >= MAX_BATCH_LINES:
            self.flush()

    def flush(self) -> None:
        """Hand the collected lines to the writer, or drop and count them if it lags."""
        if not self._batch:
            return
        batch, self._batch = self._batch, []
        if self._dropped:
            batch.append(b'{"droppedCalls":%d}\n' % self._dropped)
        try:
            self._queue.put_nowait(batch)
            self._dropped = 0
        except queue.Full:
            self._dropped += len(batch) - (1 if self._dropped else 0)

    def reopen(self) -> None:
        """Open the file again before the next batch, as log rotation needs."""
        self._writer.reopen.set()

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what is collected and end the writer."""
        self.flush()
        try:
            self._queue.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._writer.join(timeout_s)


class _Writer(threading.Thread):
    """Writes batches to a file or to standard output; a write that fails loses its batch."""

    def __init__(self, target: str, batches: queue.Queue[list[bytes] | None]) -> None:
        super().__init__(name="access-log", daemon=True)
        self._target = target
        self._batches = batches
        self.reopen = threading.Event()
        self._descriptor = _open(target)

    def run(self) -> None:
        while (batch := self._batches.get()) is not None:
            try:
                if self.reopen.is_set():
                    self._open_again()
                _write(self._descriptor, batch)
            except OSError:
                # The reader of our output is gone or the disk is full: calls matter more.
                continue

    def _open_again(self) -> None:
        self.reopen.clear()
        if self._target != "-":
            fresh = _open(self._target)
            os.close(self._descriptor)
            self._descriptor = fresh


def _open(target: str) -> int:
    if target == "-":
        return 1
    return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)


def _write(descriptor: int, lines: list[bytes]) -> None:
    """Write whole lines; into a pipe in pieces that other workers' pieces cannot split."""
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        _write_all(descriptor, b"".join(lines))
        return
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > _PIPE_ATOMIC_BYTES:
            _write_all(descriptor, piece)
            piece = b""
        piece += line
    _write_all(descriptor, piece)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
