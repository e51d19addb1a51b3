"""The data plane: HTTP/1.1 for clients, pools of connections to backends, and worker processes.

    supervisor ──(channel)──► worker ──► Server
                                           │
    client ──► ClientConnection ──► head ──► Dispatcher ──► steps, plan        (pure)
                     ▲                            │
                     └──── Exchange ◄──── upstream pool ◄──── UpstreamRequest

Owns sockets, deadlines and memory; knows nothing of documents or policies. One event loop a
worker, no disk and no database on the way of a call. Every buffer, queue and wait has a bound in
`limits`.
"""
