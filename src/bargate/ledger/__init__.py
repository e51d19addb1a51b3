"""What is counted: token buckets and quotas, exact across workers.

    step ──take──► Counters (in the worker's memory: leased tokens) ──► Taken | Spent
                      │  none left: Lacking ──► Need ──► the driver asks the ledger, once for all
                      ▼                                        │
                   the ledger (one for all workers) ◄──────────┘
                      leases tokens of buckets, and of quotas that are durable before they are leased

A limit is never exceeded: what is leased is gone from the ledger, whether it is used or not. What a
worker does not use it gives back. While the ledger cannot be reached nothing more is leased.
"""
