"""What is counted: token buckets and quotas, exact across workers. Nothing here waits or listens.

    step ──take──► Counters (`leases`, `held`: what the worker was leased) ──► Taken | Spent
                      │  none left: Lacking ──► Need ──► asked for, once for all (`messages`)
                      ▼                                        │
                   the ledger (one for all workers) ◄──────────┘
                      `buckets`, `bucket`: tokens          `pool`: blocks of quotas, which are
                                                           durable before they are leased

A limit is never exceeded: what is leased is gone from the ledger, whether it is used or not. What a
worker does not use it gives back. While the ledger cannot be reached nothing more is leased.
`gateway.asking`, `gateway.ledger_desk` and `control.quotas` carry the messages.
"""
