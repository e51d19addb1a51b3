"""The statements on the store's two tables, as SQLite takes them.

    record   one row a record: `value` is the record as `record_bytes` writes it
    entry    one row for each index that a record is in: `position` is its key in the index
             followed by its own key, so one comparison serves prefix, order and page

They are literal texts: docs/decisions/0005-statements-are-texts.md says why.
"""

from __future__ import annotations

from msgspec import Struct

_INDEXED = (
    'SELECT record."key", record.value FROM entry JOIN record ON record.id = entry.record'
    " WHERE entry.kind = ? AND entry.name = ? AND entry.position >= ? AND entry.position < ?"
)


class Statements(Struct, frozen=True, kw_only=True):
    """Texts of SQL; each says which values it takes, in this order."""

    find: str  # kind, key -> id, value
    find_by: str  # kind, name, start, end, len(start) -> key, value
    list: str  # kind, start, end, limit -> key, value
    list_by: str  # kind, name, start, end, len(start), limit -> key, value
    count: str  # kind, start, end -> number
    everything: str  # -> kind, key
    create: str  # kind, key, value; no row where the key is taken
    update: str  # value, id
    delete: str  # id
    create_entry: str  # kind, name, position, record
    delete_entry: str  # kind, name, position
    delete_records: str
    delete_entries: str


_STATEMENTS = Statements(
    find='SELECT id, value FROM record WHERE kind = ? AND "key" = ?',
    find_by=(
        f'{_INDEXED} AND length(entry.position) = ? + length(record."key")'
        " ORDER BY entry.position LIMIT 1"
    ),
    list=(
        'SELECT "key", value FROM record WHERE kind = ? AND "key" >= ? AND "key" < ?'
        ' ORDER BY "key" LIMIT ?'
    ),
    # the prefix ends within the key in the index, never in the record's own behind it
    list_by=(
        f'{_INDEXED} AND length(entry.position) >= ? + length(record."key")'
        " ORDER BY entry.position LIMIT ?"
    ),
    count='SELECT count(*) FROM record WHERE kind = ? AND "key" >= ? AND "key" < ?',
    everything='SELECT kind, "key" FROM record',
    create='INSERT INTO record (kind, "key", value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    update="UPDATE record SET value = ? WHERE id = ?",
    delete="DELETE FROM record WHERE id = ?",
    create_entry="INSERT INTO entry (kind, name, position, record) VALUES (?, ?, ?, ?)",
    delete_entry="DELETE FROM entry WHERE kind = ? AND name = ? AND position = ?",
    delete_records="DELETE FROM record",
    delete_entries="DELETE FROM entry",
)


def statements() -> Statements:
    """Give the statements."""
    return _STATEMENTS
