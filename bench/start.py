"""How long `bargate serve` takes to answer, and what its processes hold in memory."""

import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bargate
from bench.process import MeasureError, descendants, end, last_line

READY = "bargate: AWS endpoint listening on "
_KIB = 1024


class Started(NamedTuple):
    """A gateway with an AWS endpoint that runs, and how it came up.

    `start_s` is from exec to the line that says the endpoint listens; the addresses are
    `http://HOST:PORT`.
    """

    pid: int
    start_s: float
    gateway: str
    endpoint: str
    data: Path

    def keys(self) -> tuple[str, str]:
        """Give the access key that the first start made."""
        lines = (self.data / "credentials").read_text().splitlines()
        values = dict(line.split(" = ", 1) for line in lines if " = " in line)
        return values["aws_access_key_id"], values["aws_secret_access_key"]


@contextmanager
def serving(data: Path, *options: str) -> Iterator[Started]:
    """Run `bargate serve` with two workers on the store in `data`, and end it."""
    log = data.with_name(data.name + ".log")
    command = [sys.executable, "-m", "bargate", "serve", "--data", str(data), "--workers", "2"]
    command += ["--listen", "127.0.0.1:0", "--api-listen", "127.0.0.1:0", "--access-log", "off"]
    with log.open("wb") as sink:
        begin_s = time.perf_counter()
        process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            start_new_session=True,
        )
    try:
        gateway = _line(process, "bargate: gateway listening on ", log)
        endpoint = _line(process, READY, log)
        yield Started(process.pid, time.perf_counter() - begin_s, gateway, endpoint, data)
    finally:
        end(process)


def _line(process: subprocess.Popen[bytes], begins: str, log: Path) -> str:
    for line in process.stdout or ():
        if line.decode().startswith(begins):
            return line.decode().removeprefix(begins).strip()
    raise MeasureError(f"did not start: {last_line(log)}")


def start_times(data: Path | None = None, runs: int = 5) -> list[float]:
    """Give the seconds that `runs` starts take, on an empty store or again on the one in `data`."""
    # As an installation has it: `make setup` compiles, and not every environment lets Python do so.
    compileall.compile_dir(Path(bargate.__file__).parent, quiet=1)
    times = []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs):
            with serving(data or Path(folder) / f"d{run}") as started:
                times.append(started.start_s)
    return times


def memory_mib(pid: int) -> dict[str, float]:
    """Give the resident memory of a gateway's processes by their part in it, workers numbered."""
    found: dict[str, float] = {}
    for each in descendants(pid):
        part = part_of(each)
        if part == "worker":
            part = f"worker {sum(name.startswith('worker') for name in found)}"
        found[part] = _resident_kib(each) / _KIB
    return found


def part_of(pid: int) -> str:
    """Give what a process of a gateway is: supervisor, control or worker."""
    command = Path(f"/proc/{pid}/cmdline").read_text()
    if "bargate.gateway.worker" in command:
        return "worker"
    return "control" if "bargate.control" in command else "supervisor"


def cpu_s(pid: int) -> dict[int, float]:
    """Give the processor seconds that each process of a gateway has used."""
    return {each: _ticks(each) / os.sysconf("SC_CLK_TCK") for each in descendants(pid)}


def _resident_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return int(fields[11]) + int(fields[12])
