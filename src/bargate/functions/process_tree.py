"""The processes below one, read from /proc: which they are, what memory they hold, and their end.

All is a snapshot: a process may be gone, or have forked, by the time it is used. `end_all` repeats
until nothing is left.
"""

# Polled, and /proc has no use for path objects:
# ruff: noqa: PTH115, PTH116, PTH123, PTH208

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator  # noqa: TC003
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
_KILL_ROUNDS = 400
_KILL_PAUSE_S = 0.005


def below(pid: int, limit: int = 4096) -> list[int]:
    """List the descendants of a process, parents first; at most `limit`."""
    found = [pid]
    for parent in found:
        if len(found) > limit:
            break
        found.extend(_children(parent))
    return found[1:]


def _children(pid: int) -> list[int]:
    """List the children of all threads of a process (needs CONFIG_PROC_CHILDREN)."""
    found: list[int] = []
    with contextlib.suppress(*_GONE):
        for task in os.listdir(f"/proc/{pid}/task"):
            found.extend(_children_of_thread(f"/proc/{pid}/task/{task}/children"))
    return found


def _children_of_thread(path: str) -> list[int]:
    try:
        with open(path, "rb") as children:
            return list(map(int, children.read().split()))
    except _GONE:
        return []


def resident_bytes(pids: list[int], enough: int) -> int:
    """Sum the resident memory; shared pages count once where the plain sum is over `enough`."""
    plain = sum(map(_resident, pids))
    if plain <= enough or len(pids) == 1:
        return plain
    return sum(map(_proportional, pids))


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:
            return int(statm.read().split()[1]) * _PAGE
    except _GONE:
        return 0


def _proportional(pid: int) -> int:
    with contextlib.suppress(*_GONE):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def of_user(uid: int) -> Iterator[int]:
    """List the processes of a user."""
    for name in os.listdir("/proc"):
        with contextlib.suppress(*_GONE):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == uid and _lives(name):
                yield int(name)


def _lives(name: str) -> bool:
    """Tell whether it is more than an entry that waits to be reaped."""
    return Path(f"/proc/{name}/stat").read_bytes().rpartition(b") ")[2][:1] != b"Z"


def marked(variable: bytes) -> Iterator[int]:
    """List the processes that were started with a variable, as `NAME=value`."""
    for name in os.listdir("/proc"):
        with contextlib.suppress(*_GONE):
            if name.isdigit() and variable in Path(f"/proc/{name}/environ").read_bytes().split(
                b"\0"
            ):
                yield int(name)


def holds_socket(pids: list[int], inode: int) -> bool:
    """Tell whether one of the processes has the socket open."""
    wanted = f"socket:[{inode}]"
    for pid in pids:
        with contextlib.suppress(*_GONE):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with contextlib.suppress(*_GONE):
                    if os.readlink(f"/proc/{pid}/fd/{number}") == wanted:
                        return True
    return False


def kill(pid: int) -> None:
    """Kill a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def end_all(living: Callable[[], list[int]]) -> bool:
    """Kill what `living` lists until it lists nothing; False if that does not come. Blocks."""
    for _ in range(_KILL_ROUNDS):
        pids = living()
        if not pids:
            return True
        for pid in pids:
            kill(pid)
        time.sleep(_KILL_PAUSE_S)
    return False
