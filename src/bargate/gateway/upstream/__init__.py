"""The way to backends: one pool of kept-alive connections per origin.

    Exchange (Sink) ──► Pools.send(request, sink) ──► Pool ──► Backend (one HTTP/1.1 connection)
        ▲                                              │  └──► Resolver (names, remembered 30 s)
        └── responded, data, ended, failed ◄───────────┘

Nothing here awaits on behalf of a request: a connection that is free takes the request at once,
and only opening a new one is a task.
"""
