"""What a function's process writes, line by line, with the lines that Lambda adds.

stdout, stderr ──► one pipe, always drained ──► lines ──► sink
                                            └─► the last 4 KiB of the invocation
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable  # noqa: TC003

MAX_LINE_BYTES = 256 * 1024  # AWS [D] CloudWatch Logs quotas: event size
TAIL_BYTES = 4096
_READ_BYTES = 64 * 1024
_DRAIN_READS = 16  # a pipe holds no more than this at once
_BYTES_PER_S = 1024 * 1024
_BURST_BYTES = 4 * 1024 * 1024


class RuntimeLog:
    """The log of one process. `sink` gets each line without its end."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink
        self._partial = bytearray()
        self._tail = bytearray()
        self._allowance = float(_BURST_BYTES)
        self._filled_at = time.monotonic()
        self._dropped_bytes = 0
        self._reading, self.write_end = os.pipe()
        os.set_blocking(self._reading, False)
        asyncio.get_running_loop().add_reader(self._reading, self._read)

    def close_write_end(self) -> None:
        """Leave writing to the process, once it has the pipe."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def begin(self) -> None:
        """Start the tail of an invocation; what came before is not of it."""
        self.drain()
        self._tail.clear()

    def tail(self) -> bytes:
        """Give the last 4 KiB that were written since `begin`."""
        return bytes(self._tail)

    def drain(self) -> None:
        """Take what is in the pipe now, and end a line that is not complete."""
        for _ in range(_DRAIN_READS):
            if not self._read():
                break
        if self._partial:
            self._cut(len(self._partial))

    def note(self, line: str) -> None:
        """Write a line of ours."""
        text = line.encode()
        self._remember(text + b"\n")
        self._sink(text)

    def close(self) -> None:
        """Take the rest, and read no more."""
        self.close_write_end()
        if self._reading >= 0:
            self.drain()
            self._tell_dropped()
        self._stop()

    def _read(self) -> bool:
        if self._reading < 0:
            return False
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._reading, _READ_BYTES)
            if data:
                self._take(data)
                return True
            self._stop()
        return False

    def _stop(self) -> None:
        if self._reading < 0:
            return
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        self._reading = -1

    def _take(self, data: bytes) -> None:
        self._remember(data)
        self._partial += data
        *lines, rest = self._partial.split(b"\n")
        self._partial = rest
        for line in lines:
            for at in range(0, max(len(line), 1), MAX_LINE_BYTES):
                self._emit(bytes(line[at : at + MAX_LINE_BYTES]))
        while len(self._partial) >= MAX_LINE_BYTES:
            self._cut(MAX_LINE_BYTES)

    def _cut(self, size: int) -> None:
        self._emit(bytes(self._partial[:size]))
        del self._partial[:size]

    def _remember(self, data: bytes) -> None:
        self._tail += data[-TAIL_BYTES:]
        del self._tail[:-TAIL_BYTES]

    def _emit(self, line: bytes) -> None:
        if self._may_pass(len(line) + 1):
            self._tell_dropped()
            self._sink(line)
        else:
            self._dropped_bytes += len(line) + 1

    def _tell_dropped(self) -> None:
        if self._dropped_bytes:
            self._sink(b"[bargate: %d bytes of log dropped: too fast]" % self._dropped_bytes)
            self._dropped_bytes = 0

    def _may_pass(self, size: int) -> bool:
        now = time.monotonic()
        grown = self._allowance + (now - self._filled_at) * _BYTES_PER_S
        self._allowance, self._filled_at = min(float(_BURST_BYTES), grown), now
        if self._allowance < size:
            return False
        self._allowance -= size
        return True
