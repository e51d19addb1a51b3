from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from issuing import Issuer, issuer

CLOCK = """\
import os, time
_offset, _time = os.environ["CLOCK_OFFSET_FILE"], time.time
def _turned():
    with open(_offset) as file:
        return _time() + float(file.read() or 0)
time.time = _turned
"""


class Clock:
    """The wall clock of a gateway process, which a test can put forward.

    The process is the real one; Python runs `sitecustomize` before it, where the clock is turned,
    as a change of the machine's clock would. Without it a test of a 30-second pause takes 30 s.
    """

    def __init__(self, folder: Path) -> None:
        self._offset = folder / "offset"
        self._total_s = 0.0
        self.advance(0)
        (folder / "sitecustomize.py").write_text(CLOCK)
        self.environment = {"PYTHONPATH": str(folder), "CLOCK_OFFSET_FILE": str(self._offset)}

    def advance(self, seconds: float) -> None:
        self._total_s += seconds
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(str(self._total_s))
        fresh.replace(self._offset)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    folder = tmp_path / "clock"
    folder.mkdir()
    return Clock(folder)


@pytest.fixture(scope="module")
def pool() -> Iterator[Issuer]:
    with issuer("pool-1") as running:
        yield running


@pytest.fixture(scope="module")
def other_pool() -> Iterator[Issuer]:
    with issuer("pool-2") as running:
        yield running


@pytest.fixture(scope="module")
def module_clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    return Clock(tmp_path_factory.mktemp("clock"))


@pytest.fixture(scope="session")
def silent() -> Iterator[str]:
    """A backend that takes connections and never answers: its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
