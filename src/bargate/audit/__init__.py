"""The audit log: who did what, when, from where, and how it ended. Append-only, and without secrets.

    control.audited ─ Event ──► Journal: queue ──► thread: a group at a time ──► Series.append
    (one hook for all                                  │  complete(event): the user's sub, looked up
     operations)                                       ▼
                            DIR/audit/KIND-NUMBER.jsonl    lines, chained by MACs (`chain`)
                                                       ▲
    bargate audit ──► reading, verify ─────────────────┘

There are four series of files, so that nobody can push out what others did by asking often:

    changes   what callers with AWS credentials did or were denied, and the operator's commands
    users     what users of pools did: sign-ups, sign-ins, password changes
    refreshes new tokens for refresh tokens: so many that they would push out the others
    refused   where nobody proved who they are: wrong passwords, bad signatures

    event     what an event says, and how its texts are made harmless and short
    chain     how lines are written and linked
    files     names, order, rotation, and what a crash left
    journal   the thread, its bounds, and what happens when nothing can be written
    reading   events of all series in the order of their times, now and as they come
    verify    what was removed, changed or added

INVARIANT: no body, password, code, token, session or attribute value gets into an event: whoever
makes one names what goes in, never what stays out.
INVARIANT: what is acknowledged is in the file before; while it cannot be written, nothing that
would be noted is done (`Journal.check`).
"""
