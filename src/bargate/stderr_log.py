"""Log lines to standard error, written by a thread, so that nobody who logs ever waits.

    logger ──► StderrHandler: format, bounded queue ──► writer thread ──► file descriptor 2

When nobody reads our standard error, lines are dropped and counted, and a line says how many once
it is read again.
"""

from __future__ import annotations

import logging
import os
import queue
import threading

MAX_QUEUED_LINES = 1_000
MAX_LINE_CHARACTERS = 16_384
_STDERR = 2


class StderrHandler(logging.Handler):
    """A handler that never blocks; `shut` writes what is queued, within a time."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: queue.Queue[bytes | None] = queue.Queue(MAX_QUEUED_LINES)
        self._dropped = 0
        self._writer = threading.Thread(
            target=_write_lines, args=(self._lines,), name="stderr-log", daemon=True
        )
        self._writer.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of a record, or drop and count it when the queue is full."""
        try:
            line = f"{self.format(record)[:MAX_LINE_CHARACTERS]}\n".encode(errors="replace")
        except (TypeError, ValueError, KeyError) as error:  # arguments that do not fit the text
            line = f"bargate: ERROR: a log line could not be written: {error!r}\n".encode()
        if self._dropped:
            line = b"bargate: WARNING: %d log lines were lost here\n" % self._dropped + line
        try:
            self._lines.put_nowait(line)
            self._dropped = 0
        except queue.Full:
            self._dropped += 1

    def shut(self, timeout_s: float = 1.0) -> None:
        """End the writer; what it cannot write within `timeout_s` is lost."""
        try:
            self._lines.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._writer.join(timeout_s)


def log_to_stderr() -> StderrHandler:
    """Send what this process logs to standard error, without ever waiting for its reader."""
    handler = StderrHandler()
    handler.setFormatter(logging.Formatter("bargate: %(levelname)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    return handler


def _write_lines(lines: queue.Queue[bytes | None]) -> None:
    while (line := lines.get()) is not None:
        view = memoryview(line)
        try:
            while view:
                view = view[os.write(_STDERR, view) :]
        except OSError:
            # Nobody can be told that standard error is closed: the line is lost, calls go on.
            continue
