"""One SQLite file: its connections, its schema, and what is refused before it is used.

    create ──► DIR/bargate.db.new, schema and canary ──► renamed: a bargate.db is always whole
    open   ──► whose file? which schema? damaged? sealed under this key? ──► migrated

The canary is a sealed text: whoever cannot open it has another master key.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from bargate.store.failures import finding_of, is_damage
from bargate.store.interface import StoreRefused
from bargate.store.sealing import CannotOpen, Sealer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

APPLICATION_ID = 0x42415247  # "BARG"
# Held only as far as it is used: an import, or a million users, touch pages everywhere.
WRITER_CACHE_KIB = 32 * 1024
QUICK_CHECK_BYTES = 32 * 1024 * 1024
# Pages that many users touch again and again are written to the file once in so many (16 MiB).
WAL_PAGES = 4_096
_CANARY = b"bargate"


def _create_tables(connection: sqlite3.Connection) -> None:
    for text in (
        (
            "CREATE TABLE record (id INTEGER NOT NULL PRIMARY KEY, kind TEXT NOT NULL,"
            ' "key" BLOB NOT NULL, value BLOB NOT NULL, UNIQUE (kind, "key"))'
        ),
        (
            "CREATE TABLE entry (kind TEXT NOT NULL, name TEXT NOT NULL, position BLOB NOT NULL,"
            " record INTEGER NOT NULL, PRIMARY KEY (kind, name, position)) WITHOUT ROWID"
        ),
        "CREATE TABLE canary (sealed BLOB NOT NULL)",
    ):
        connection.execute(text)


# INVARIANT: a migration that was released is never changed; a store's schema is their number.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_tables,)


def connect(path: Path | None, *, writes: bool) -> sqlite3.Connection:
    """Open a connection without transactions of its own; `path` None means in memory."""
    connection = sqlite3.connect(
        ":memory:" if path is None else path, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")  # a commit waits for the disk
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA trusted_schema = OFF")
        if writes:
            connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
        else:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def initialise(connection: sqlite3.Connection, sealer: Sealer) -> None:
    """Make an empty database a store."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _migrate(connection, 0)
    sealed = sealer.seal(_CANARY, _CANARY)
    connection.execute("INSERT INTO canary VALUES (?)", (sealed,))
    connection.execute("COMMIT")


def create_database(path: Path, sealer: Sealer) -> None:
    """Make a store where there is none; a crash leaves none, or all of it."""
    unfinished = path.with_name(path.name + ".new")
    for suffix in ("", "-journal", "-wal", "-shm"):
        unfinished.with_name(unfinished.name + suffix).unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    try:
        with closing(connect(unfinished, writes=True)) as connection:
            initialise(connection, sealer)
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.Error as error:
        finding = finding_of(error)
        raise StoreRefused(f"no store can be created in {path.parent}: {finding}") from None
    unfinished.rename(path)
    sync_folder(path.parent)


def open_database(path: Path, sealer: Sealer) -> sqlite3.Connection:
    """Open the connection that writes; raises StoreRefused. Nothing is changed before all fits."""
    try:
        connection = connect(path, writes=True)
        try:
            _make_ready(connection, path, sealer)
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if is_damage(error):
            raise StoreRefused(_damaged(path, str(error))) from None
        raise StoreRefused(f"{path} cannot be opened: {finding_of(error)}") from None
    return connection


def _make_ready(connection: sqlite3.Connection, path: Path, sealer: Sealer) -> None:
    version = _known_version(connection, path)
    _refuse_damaged(connection, path)
    _refuse_other_key(connection, path, sealer)
    connection.execute("PRAGMA journal_mode = WAL")
    if version < len(MIGRATIONS):
        connection.execute("BEGIN IMMEDIATE")
        _migrate(connection, version)
        connection.execute("COMMIT")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive power loss."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    for migration in MIGRATIONS[version:]:
        migration(connection)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


def _known_version(connection: sqlite3.Connection, path: Path) -> int:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != APPLICATION_ID:
        raise StoreRefused(
            f"{path} is no store of Bargate: use another --data, or restore it from a backup"
        )
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    known = len(MIGRATIONS)
    if version > known:
        raise StoreRefused(
            f"the store in {path.parent} was written by a newer Bargate"
            f" (schema {version}; this one knows {known}): upgrade, or use another --data"
        )
    return version


def _refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    """Look for damage while that is quick: 10 MB take 9 ms (measured).

    A large store is not looked through; damage is then reported by what comes upon it.
    """
    if path.stat().st_size > QUICK_CHECK_BYTES:
        return
    (finding,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if finding != "ok":
        raise StoreRefused(_damaged(path, finding))


def _refuse_other_key(connection: sqlite3.Connection, path: Path, sealer: Sealer) -> None:
    (sealed,) = connection.execute("SELECT sealed FROM canary").fetchone() or (b"",)
    try:
        sealer.open(sealed, _CANARY)
    except CannotOpen:
        raise StoreRefused(
            f"the master key does not fit the store in {path.parent}:"
            f" give the key that it was created with (BARGATE_MASTER_KEY or master.key)"
        ) from None


def _damaged(path: Path, finding: str) -> str:
    finding = " ".join(finding.split())
    return f"{path} is damaged ({finding}): restore it from a backup, or use another --data"
