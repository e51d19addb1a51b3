"""Lambda functions: a process of its own that keeps their code, and the processes that run it.

    worker ─────────┐ Invocation                ┌──► python -m awslambdaric ─┐ Runtime API
    control process ┴──► local socket ──► Host ─┼──► node runtimes/node.mjs  ├── (loopback, one port
                     ◄── Outcome                │                            │   a process)
    supervisor ──► parts: functions, roles,     └──► POST to a URL
                   sealing keys

What happens to an invocation, in this order (`host`): function, version or alias found ─► permission
(`permission`) ─► size ─► concurrency (`pool`) ─► a warm process, or one started with the code
unpacked (`packages`) and credentials of its role (`credentials`) ─► event delivered, answer read,
time-out kept (`runtime_api`, `runtime_process`) ─► Outcome. Events wait in a queue and are tried
again (`events`).

The supervisor keeps the host: one that ends unasked is started again, and told all it must know.

INVARIANT: a function's process has nothing of ours: no descriptor, no variable, no secret but its
own; and no invocation of one function ever reaches a process of another.
"""
