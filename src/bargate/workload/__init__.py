"""Processes of this machine that work as a role, as the tasks of ECS do.

    bargate run ──► child process ──GET──► Endpoint (loopback, token) ──► Lease ──┐
    bargate credentials ──────────────────────────────────────────────────────────┤
                                                                                  ▼
      control process: control/credentials.py ◄── local socket of the run directory (local.py)

INVARIANT: keys are in memory alone, and only who may enter the run directory is given any.
"""
