"""Where state lives: typed records in transactions, behind one narrow interface.

    services ──► interface.Transaction ──► sqlite (WAL, grouped durable commits) ──► DIR/bargate.db
                        │                        └─► subscribe: what changed ──► snapshot parts
                        └── kind: Kind, Key, Index      Secret fields are sealed at rest

A record is a frozen msgspec struct; its `Kind` (in `bargate.records`) names the key and indexes.
"""
