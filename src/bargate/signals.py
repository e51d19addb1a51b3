"""Signals as events: what the operator, or a supervisor above ours, tells the process."""

from __future__ import annotations

import asyncio
import signal

INTERRUPT_DRAIN_S = 1.5


class Signals:
    """The events: `reload` for SIGHUP, `stop` for SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.reload = asyncio.Event()
        self.stop = asyncio.Event()
        self._interrupted = False
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reload.set)
        loop.add_signal_handler(signal.SIGTERM, self.stop.set)
        loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def _interrupt(self) -> None:
        self._interrupted = True
        self.stop.set()

    def drain_s(self, patient_s: float) -> float:
        """How long calls in flight may take: a person at the keyboard does not wait."""
        return min(INTERRUPT_DRAIN_S, patient_s) if self._interrupted else patient_s
