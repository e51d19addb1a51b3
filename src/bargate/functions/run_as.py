"""Which user a function's process runs as, and how far it is walled in.

    root, may mount ──► a user and a root file system of its own     (OWN_ROOT)
    root, may not   ──► a user of its own, if it can read the interpreter (OWN_USER)
                        else none: nothing of a function ever runs as root
    anybody else    ──► the operator's user                          (PLAIN, with a warning)

Users come from a range that no distribution and no container tool gives out; each is held by a lock
that goes with the process that took it, so that two installations of a machine never share one.
"""

from __future__ import annotations

import contextlib
import enum
import fcntl
import logging
import os
import stat
import subprocess
import sys
from functools import cache
from pathlib import Path

from msgspec import Struct

FIRST_UID = 2_000_000_000  # above systemd-nspawn's range, below 2^31: systemd.io/UIDS-GIDS
USERS = 4096
_LOCKS = Path("/run/bargate-functions")
_CAP_SYS_ADMIN = 21
_TRIAL = """
import ctypes
libc = ctypes.CDLL(None)
raise SystemExit(
    libc.unshare(0x28020000)  # mounts, IPC, processes
    or libc.mount(b"", b"/", b"", 0x44000, None)  # all private
    or libc.mount(b"trial", b"/proc", b"tmpfs", 0, None)
)
"""
_TRIAL_S = 10

_log = logging.getLogger("bargate.functions")


class Way(enum.Enum):
    """How far a function's process is walled in."""

    OWN_ROOT = "own root"
    OWN_USER = "own user"
    PLAIN = "plain"


class NoUser(Exception):
    """There is no user that a function may run as; the text says why."""


class User(Struct):
    """A user that belongs to one live process until it is released."""

    uid: int
    lock: int

    def release(self) -> None:
        """Give the user back; nothing may run as it any more."""
        if self.lock >= 0:
            os.close(self.lock)
            self.lock = -1


@cache
def chosen_way() -> Way:
    """Choose once, by what this process may do; warns when functions share the operator's user.

    Raises NoUser where root alone could run them.
    """
    if os.geteuid() == 0:
        if _may_mount():
            return Way.OWN_ROOT
        if _all_can_read(sys.executable):
            return Way.OWN_USER
        raise NoUser(
            f"functions do not run as root: give Bargate CAP_SYS_ADMIN, let every user read"
            f" {sys.executable}, or start it as another user"
        )
    _log.warning(
        "functions run as the user %d, who also runs Bargate, and can read what it can; "
        "start it as root with CAP_SYS_ADMIN to wall them in",
        os.geteuid(),
    )
    return Way.PLAIN


def take_user() -> User:
    """Take a user that nothing on this machine runs as; raises NoUser."""
    _LOCKS.mkdir(mode=0o700, exist_ok=True)
    for uid in range(FIRST_UID, FIRST_UID + USERS):
        lock = os.open(_LOCKS / str(uid), os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return User(uid=uid, lock=lock)
        os.close(lock)
    raise NoUser(f"all {USERS} users for functions are in use")


def _may_mount() -> bool:
    """Try it: containers may hold the capability back, or forbid the calls."""
    status = Path("/proc/self/status").read_text()
    effective = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    if not int(effective.split()[1], 16) >> _CAP_SYS_ADMIN & 1:
        return False
    command = [sys.executable, "-I", "-S", "-c", _TRIAL]
    try:
        tried = subprocess.run(command, timeout=_TRIAL_S, check=False, env={})  # noqa: S603  ours
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _all_can_read(executable: str) -> bool:
    path = Path(executable).resolve()
    return all(each.stat().st_mode & stat.S_IXOTH for each in (path, *path.parents))
