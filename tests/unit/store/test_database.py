import sqlite3

import pytest

from bargate.store import database
from bargate.store.database import create_database, open_database
from bargate.store.groups import do_group
from bargate.store.interface import StoreUnavailable
from bargate.store.record_bytes import RecordBytes
from bargate.store.sealing import Sealer
from bargate.store.statements import Statements, statements

SEALER = Sealer((bytes(32),))


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "bargate.db"
    create_database(path, SEALER)
    return path


def test_migrations_lead_to_the_tables_that_the_statements_are_written_for(path):
    connection = open_database(path, SEALER)
    columns = 'SELECT name, type, "notnull", pk FROM pragma_table_info(?)'
    assert connection.execute(columns, ("record",)).fetchall() == [
        ("id", "INTEGER", 1, 1),
        ("kind", "TEXT", 1, 0),
        ("key", "BLOB", 1, 0),
        ("value", "BLOB", 1, 0),
    ]
    assert connection.execute(columns, ("entry",)).fetchall() == [
        ("kind", "TEXT", 1, 1),
        ("name", "TEXT", 1, 2),
        ("position", "BLOB", 1, 3),
        ("record", "INTEGER", 1, 0),
    ]
    ((index,),) = connection.execute(
        "SELECT name FROM pragma_index_list('record') WHERE \"unique\""
    ).fetchall()
    members = connection.execute("SELECT name FROM pragma_index_info(?)", (index,)).fetchall()
    assert members == [("kind",), ("key",)]
    connection.close()


def test_every_commit_waits_for_the_disk(path):
    connection = open_database(path, SEALER)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()


def test_no_statement_looks_through_a_whole_table(path):
    connection = open_database(path, SEALER)
    for name in Statements.__struct_fields__:
        text = getattr(statements(), name)
        rows = connection.execute(f"EXPLAIN QUERY PLAN {text}", (1,) * text.count("?")).fetchall()
        plan = " ".join(row[3] for row in rows)
        assert name == "everything" or "SCAN" not in plan
        assert "TEMP B-TREE" not in plan
    connection.close()


def add_column(connection):
    connection.execute("ALTER TABLE record ADD COLUMN note TEXT")


def test_an_older_store_is_brought_up_to_date_once(path, monkeypatch):
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, add_column))
    for _ in range(2):
        connection = open_database(path, SEALER)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT note FROM record").fetchall() == []
        connection.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(path, monkeypatch):
    def fails(connection):
        connection.execute("DROP TABLE entry")
        raise LookupError("a bug")

    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, add_column, fails))
    with pytest.raises(LookupError):
        open_database(path, SEALER)
    monkeypatch.undo()
    connection = open_database(path, SEALER)
    assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM entry").fetchone() == (0,)
    connection.close()


class Failing:
    """A connection whose statement of a name fails as a disk does."""

    def __init__(self, connection, *failing):
        self._connection = connection
        self.failing = list(failing)

    @property
    def in_transaction(self):
        return self._connection.in_transaction

    def execute(self, text, *values):
        self._fail(text)
        return self._connection.execute(text, *values)

    def executemany(self, text, values):
        self._fail(text)
        return self._connection.executemany(text, values)

    def _fail(self, text):
        if text in self.failing:
            self.failing.remove(text)
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error


@pytest.mark.parametrize(
    "failing",
    [
        ["BEGIN IMMEDIATE"],
        ["SAVEPOINT work"],
        ["RELEASE work"],
        ["ROLLBACK TO work"],
        ["COMMIT"],
        ["COMMIT", "ROLLBACK"],
    ],
)
def test_whatever_fails_no_piece_of_the_group_is_acknowledged_and_the_next_group_is(path, failing):
    def refuses(_):
        raise LookupError("the work's own")

    connection = Failing(open_database(path, SEALER), *failing)
    bytes_ = RecordBytes(SEALER)
    outcomes = do_group(connection, bytes_, [lambda _: 1, refuses, lambda _: 2])
    assert {type(each.error) for each in outcomes} == {StoreUnavailable}
    assert str(outcomes[0].error) == "the disk failed (disk I/O error); nothing was written"
    assert connection.failing == []
    outcomes = do_group(connection, bytes_, [lambda _: 1, refuses, lambda _: 2])
    assert [each.result for each in outcomes] == [1, None, 2]
    assert [type(each.error) for each in outcomes] == [type(None), LookupError, type(None)]
    connection._connection.close()
