"""`$context.*` for mappings: what `access.context` says of a call, by the name of this package."""

from bargate.access.context import (
    EMPTY_VARIABLES,
    SECRET_VARIABLES,
    VARIABLES,
    Place,
    Routed,
    Variable,
    claim_text,
    compile_variable,
    domain_name,
    is_known_variable,
    place_of,
    request_time,
    trace_id,
)

__all__ = [
    "EMPTY_VARIABLES",
    "SECRET_VARIABLES",
    "VARIABLES",
    "Place",
    "Routed",
    "Variable",
    "claim_text",
    "compile_variable",
    "domain_name",
    "is_known_variable",
    "place_of",
    "request_time",
    "trace_id",
]
