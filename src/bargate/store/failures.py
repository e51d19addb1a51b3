"""What a failure of SQLite means to whoever runs Bargate."""

import sqlite3

_FINDINGS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_READONLY: "the store may not be written",
    sqlite3.SQLITE_CORRUPT: "the store is damaged",
    sqlite3.SQLITE_NOTADB: "the store is damaged",
}
_PRIMARY_CODE = 0xFF


def is_damage(error: sqlite3.Error) -> bool:
    """Say whether the file itself is wrong, not what is around it."""
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def finding_of(error: sqlite3.Error) -> str:
    """Say what failed, with SQLite's own words behind it."""
    return f"{_FINDINGS.get(_code(error), 'the database failed')} ({error})"


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
