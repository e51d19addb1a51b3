"""The folder that a store lives in: private, one process at a time, with its master key.

    DIR/lock         held (flock) as long as the process lives; its text is the process's id
    DIR/master.key   unless BARGATE_MASTER_KEY has the key
    DIR/bargate.db   with -wal and -shm beside it

All are readable by their owner alone. Whoever else may write in DIR could swap any of them.
"""

from __future__ import annotations

import fcntl
import os
import stat
from typing import TYPE_CHECKING

from bargate.store.database import create_database, sync_folder
from bargate.store.interface import StoreRefused
from bargate.store.sealing import Sealer, new_key, parse_keys, text_of
from bargate.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DATABASE = "bargate.db"
KEY_FILE = "master.key"
LOCK_FILE = "lock"
KEY_VARIABLE = "BARGATE_MASTER_KEY"

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_OTHERS_MAY = stat.S_IRWXG | stat.S_IRWXO
_MAX_KEY_FILE_BYTES = 4_096


def open_folder(folder: Path, environment: Mapping[str, str]) -> SqliteStore:
    """Open the store in `folder`, created if need be; raises StoreRefused."""
    try:
        folder = _private_folder(folder)
        lock = _lock(folder)
        try:
            return _open(folder, environment, lock)
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise StoreRefused(f"the store in {folder} cannot be opened: {error}") from None


def _open(folder: Path, environment: Mapping[str, str], lock: int) -> SqliteStore:
    database = folder / DATABASE
    is_new = not database.exists()
    sealer = Sealer(_keys(folder, environment, is_new=is_new))
    if is_new:
        create_database(database, sealer)
    database.chmod(0o600)
    return SqliteStore(database, sealer, lambda: os.close(lock))


def _private_folder(folder: Path) -> Path:
    """Give the real path of a folder that nobody else may change."""
    if folder.is_symlink():
        _refuse_stranger(folder, folder.lstat())
    real = folder.resolve()
    if not real.exists():
        real.mkdir(mode=0o700, parents=True)
        sync_folder(real.parent)
    found = real.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise StoreRefused(f"{folder} is no folder: use another --data")
    _refuse_stranger(folder, found)
    if found.st_mode & _OTHERS_MAY_WRITE:
        raise StoreRefused(f"others may write in {folder}: chmod 700 {folder}")
    return real


def _refuse_stranger(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (os.geteuid(), 0):
        raise StoreRefused(
            f"{path} belongs to another user ({found.st_uid}):"
            f" chown it to {os.geteuid()}, or use another --data"
        )


def _lock(folder: Path) -> int:
    """Give a descriptor that holds the lock until it is closed, or its process dies."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder / LOCK_FILE, flags, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise StoreRefused(
            f"the store in {folder} is in use by process {holder}: stop it, or use another --data"
        ) from None
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def master_keys(folder: Path, environment: Mapping[str, str]) -> tuple[bytes, ...]:
    """Give the master keys of the store that is in `folder`; raises StoreRefused."""
    try:
        return _keys(folder, environment, is_new=False)
    except OSError as error:
        raise StoreRefused(f"the master key in {folder} cannot be read: {error}") from None


def _keys(folder: Path, environment: Mapping[str, str], *, is_new: bool) -> tuple[bytes, ...]:
    written = environment.get(KEY_VARIABLE)
    if written is not None:
        return _parsed(written, KEY_VARIABLE)
    path = folder / KEY_FILE
    if not path.exists():
        if not is_new:
            raise StoreRefused(
                f"the master key of the store in {folder} is missing:"
                f" restore {path}, or set {KEY_VARIABLE}"
            )
        _create_key_file(path)
    return _parsed(_read_key_file(path), str(path))


def _parsed(text: str, source: str) -> tuple[bytes, ...]:
    try:
        return parse_keys(text)
    except ValueError as error:
        raise StoreRefused(f"{source} holds no master key: {error}") from None


def _create_key_file(path: Path) -> None:
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, 0o600), "w", encoding="ascii") as file:
        file.write(text_of(new_key()) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    sync_folder(path.parent)


def _read_key_file(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        _refuse_stranger(path, found)
        if not stat.S_ISREG(found.st_mode):
            raise StoreRefused(f"{path} is no regular file")
        if found.st_mode & _OTHERS_MAY:
            raise StoreRefused(f"others may read {path}: chmod 600 {path}")
        return file.read(_MAX_KEY_FILE_BYTES).decode("ascii", "replace")
