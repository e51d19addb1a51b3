"""Processes of a run: started on one core, watched through /proc, ended by pid."""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

GATEWAY_CORE = 0
LOAD_CORE = 1

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_LISTEN_TIMEOUT_S = 20.0
_END_TIMEOUT_S = 5.0


class MeasureError(RuntimeError):
    """A scenario cannot be measured; the text says why."""


def cores(core: int) -> tuple[str, ...]:
    """Give the command prefix that pins to `core`; nothing where the machine has one core."""
    available = sorted(os.sched_getaffinity(0))
    return ("taskset", "-c", str(available[core % len(available)]))


@contextmanager
def running(command: tuple[str, ...], *, core: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` pinned to `core`; its standard error goes to `log`.

    It gets its own session, so that Ctrl-C reaches us alone and we end it.
    """
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [*cores(core), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Stop a process, gently first; then whatever it started and left behind."""
    left_behind = [handle for pid in descendants(process.pid)[1:] for handle in _handles(pid)]
    process.terminate()
    try:
        process.wait(_END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for handle in left_behind:
        _kill(handle)
    if process.stdout is not None:
        process.stdout.close()


def _handles(pid: int) -> list[int]:
    """Open a handle that means this very process even after its number is given out again."""
    try:
        return [os.pidfd_open(pid)]
    except ProcessLookupError:
        return []


def _kill(handle: int) -> None:
    """End the process of a handle, if it still runs, and wait for its end."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    select.select([handle], [], [], _END_TIMEOUT_S)
    os.close(handle)


def free_port() -> int:
    """Give a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once `port` accepts; raise `MeasureError` with the end of `log` when it never does."""
    deadline = time.monotonic() + _LISTEN_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise MeasureError(f"did not start: {last_line(log)}")


def last_line(log: Path) -> str:
    """Give the last line that a process wrote to its standard error."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def descendants(pid: int) -> list[int]:
    """Give `pid` and every process below it, parents first."""
    parents = {child: parent for child in _pids() if (parent := _parent(child)) is not None}
    family = [pid]
    for member in family:
        family.extend(child for child, parent in parents.items() if parent == member)
    return family


def worker(pid: int) -> int:
    """Give the process of a family that serves: of those without children the largest."""
    family = descendants(pid)
    parents = {_parent(member) for member in family[1:]}
    return max((member for member in family if member not in parents), key=rss_bytes)


def running_module(pid: int, module: str) -> int:
    """Give the process of a family whose command names a Python module."""
    for member in descendants(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            if module in Path(f"/proc/{member}/cmdline").read_text():
                return member
    raise MeasureError(f"no process runs {module}")


def rss_bytes(pid: int) -> int:
    """Give the resident set of one process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu_seconds(pid: int) -> float:
    """Give the processor time used so far by `pid` and everything below it."""
    return sum(_ticks(member) for member in descendants(pid)) / _TICKS_PER_S


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str] | None:
    """Give the fields of /proc/PID/stat from the third (state) on, None when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return None if fields is None else int(fields[1])


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return 0 if fields is None else int(fields[11]) + int(fields[12])
