"""Users who come from elsewhere: files of others are read into rows, rows become users, in batches.

    file ──► formats.FORMATS[name] ──► ImportedUser | BadRow, one at a time, in the order of the file
                                            │ (nothing here holds a whole file)
             batch of rows ──► checked against the pool ──► users, and how far the import is, in one
                                            │                transaction
                                            └─► a bad row is reported with its line, and skipped

INVARIANT: a row is made a user once, or is reported; none is lost, whenever the import is stopped.
"""
