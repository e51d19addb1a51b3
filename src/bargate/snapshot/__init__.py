"""From the model to what a worker serves: sent in parts, compiled ahead, immutable, swapped whole.

    Update (parts, deltas) ──► parts.apply ──► State ──┬─► compile_snapshot ──► Snapshot ──► gateway
                                                       └─► CompiledIdentities      │    (every call)
                access controls, mapping plans, routers, refusals ◄────────────────┘

A stage of an API is the unit: an update compiles the stages it names, and of a stage the methods
that changed; everything else is taken over. A worker replaces its snapshot between two requests, so
that no request sees half a change. What cannot be compiled raises `InvalidConfiguration` here, on
`trial` before it is stored; should it reach a worker all the same, the update is refused or, where
endpoints are compiled at their first call, that call is.
"""
