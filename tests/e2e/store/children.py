"""Child processes that hold a store: forked, so that many rounds take seconds."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable


class Child:
    """Runs `body(tell)` in a process of its own; what it tells comes as lines."""

    def __init__(self, body: Callable[[Callable[[str], None]], None]) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(reading)
            status = 1
            try:
                body(lambda line: _tell(writing, line))
                status = 0
            except BaseException:  # noqa: BLE001 (a child tells and ends)
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(writing)
        self._lines = os.fdopen(reading, "r", encoding="utf-8")

    def line(self) -> str:
        return self._lines.readline().rstrip("\n")

    def kill(self) -> list[str]:
        """End it with kill -9 and give the whole lines that it had told."""
        os.kill(self.pid, signal.SIGKILL)
        text = self._lines.read()
        os.waitpid(self.pid, 0)
        self._lines.close()
        return text.split("\n")[:-1]

    def finish(self) -> list[str]:
        text = self._lines.read()
        _, status = os.waitpid(self.pid, 0)
        self._lines.close()
        assert status == 0, text
        return text.split("\n")[:-1]


def _tell(descriptor: int, line: str) -> None:
    os.write(descriptor, f"{line}\n".encode())
