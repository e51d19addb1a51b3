"""What is fast, and how fast: Bargate beside nginx, HAProxy and Envoy, in one run.

    install ──► peers and load tool are there, or it is said what cannot run
    scenarios ─► nginx | haproxy | envoy | bargate_peer   start one gateway, pinned to core 0
        │                     │
        │                 load (wrk, core 1) ──► gateway ──► nginx backend (core 1)
        ▼
    measure ──► results ──► report: table, bench/results.json, docs/performance.md

Rounds are interleaved (every scenario once, then every scenario again), so that a slow minute of
the machine hits all of them alike; the median of the rounds counts.
"""
