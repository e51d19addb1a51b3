"""The data plane: what happens to a call between the client's socket and the backend's.

This package owns sockets, HTTP/1.1 on both sides, deadlines and memory. What a call may do is
decided by the pure steps and plans of a snapshot, which it only runs.

    client ──► ClientConnection ──► HeadReader ──► Exchange ──► Dispatcher
                 (connection)        (head)        (exchange)    resolve, route, steps, plan
                     ▲                                │              │ UpstreamRequest | Response
                     │ response_head (framing)        │◄─────────────┘
                     └────────────────────────────────┤
                                                      ▼
                                         upstream.Pools ──► Backend ──► backend

`server` joins these for one worker process; `supervisor` and `worker` run several of them on one
port; `observer` passes finished calls to `access_log` and `recent`, and `stderr_log` writes what is
logged: neither ever waits. One request is handled synchronously in
`data_received`, from its last byte to the write towards the backend: nothing awaits, nothing is
scheduled, and deadlines are swept by one timer.
"""
