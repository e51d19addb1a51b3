"""Where state lives: typed records in transactions, behind one narrow interface.

    services ──► interface.Transaction ──► transaction ──► statements (SQL) ──► DIR/bargate.db
                        │                       └─► record_bytes (msgpack) ──► sealing (secrets)
                        └── kind: Kind, Key, Index ──► key_bytes: keys that sort as texts do

    submit ──► writer (a thread) ──► groups: one durable commit ──► announcer ──► snapshot parts

    folder     DIR itself: private, locked, with its master key; opens the `SqliteStore`
    database   the file: created whole or not at all, migrated, refused when it does not fit

A record is a frozen msgspec struct; its `Kind` (in `bargate.records`) names the key and indexes.
What a store must do is in `tests/conformance/store`, which runs on every form of it.
"""
