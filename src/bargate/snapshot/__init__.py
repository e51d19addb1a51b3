"""From the model to what a worker serves: compiled ahead, immutable, swapped whole.

    model.Installation ──► compile_snapshot ──► Snapshot ──► gateway (every call)
                               │
                               └── access controls, mapping plans, routers, refusals

A snapshot is built once per change; a worker replaces its snapshot between two requests, so that
no request sees half a change. Whatever cannot be compiled raises `InvalidConfiguration` here and
never reaches a call.
"""
