"""Request targets: a URI template compiled to a function that gives the target of a call."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from bargate.access.call import Call, Facts
from bargate.access.paths import has_dot_segment
from bargate.access.verdict import Denial
from bargate.mapping.uri import UriTemplate, query_value

Filler: TypeAlias = Callable[[Call, Facts], str]
# Gives the path of a call; None where the values make it one that must not be sent.
PathBuilder: TypeAlias = Callable[[Call, Facts], "str | None"]


def compile_path(
    template: UriTemplate, fillers: Mapping[str, tuple[Filler, Filler]]
) -> str | PathBuilder:
    """Compile the path of a URI: text when it has no variables, else a function."""
    if len(template.path_pieces) == 1:
        return template.path_pieces[0]
    return _path_builder(_parts(template.path_pieces, {n: f[0] for n, f in fillers.items()}))


def compile_query(
    template: UriTemplate, fillers: Mapping[str, tuple[Filler, Filler]]
) -> str | Filler:
    """Compile the query of a URI: text when it has no variables, else a function."""
    if len(template.query_pieces) == 1:
        return template.query_pieces[0]
    parts = _parts(template.query_pieces, {n: f[1] for n, f in fillers.items()})
    return lambda call, facts: "".join(
        part if isinstance(part, str) else part(call, facts) for part in parts
    )


def fill(
    pieces: tuple[str, ...],
    fillers: Mapping[str, tuple[Filler, Filler]],
    which: int,
    values: Mapping[str, str],
    call: Call,
    facts: Facts,
) -> str:
    """Fill a path (`which` 0) or query (1); `values`, encoded, go before the fillers."""
    return "".join(
        piece
        if at % 2 == 0
        else values[piece]
        if piece in values
        else fillers[piece][which](call, facts)
        for at, piece in enumerate(pieces)
    )


def query_pair(name: str, value: str) -> str:
    """Write one query parameter, percent-encoded."""
    return f"{query_value(name)}={query_value(value)}"


def unsafe_path() -> Denial:
    """Refuse a call whose values would change the depth of the backend's path."""
    return Denial(
        response_type="BAD_REQUEST_PARAMETERS",
        reason="integration.unsafe_path",
        detail="a parameter puts a dot segment into the backend's path",
        message="Invalid request path",
    )


def unsafe_head() -> Denial:
    """Refuse a call whose values would break out of their line of the backend's head."""
    return Denial(
        response_type="BAD_REQUEST_PARAMETERS",
        reason="integration.unsafe_head",
        detail="a value of the request holds a line end or NUL that would change the backend request",
        message="Invalid request",
    )


def _parts(pieces: tuple[str, ...], fillers: Mapping[str, Filler]) -> tuple[str | Filler, ...]:
    return tuple(
        fillers[piece] if at % 2 else piece for at, piece in enumerate(pieces) if at % 2 or piece
    )


def _path_builder(parts: tuple[str | Filler, ...]) -> PathBuilder:
    if len(parts) == 2 and isinstance(parts[0], str) and not isinstance(parts[1], str):  # noqa: PLR2004 - the common `/base/{proxy}`
        return _suffix_builder(parts[0], parts[1])

    def build(call: Call, facts: Facts) -> str | None:
        path = "".join(part if isinstance(part, str) else part(call, facts) for part in parts)
        return None if has_dot_segment(path) else path

    return build


def _suffix_builder(text: str, fill: Filler) -> PathBuilder:
    def build(call: Call, facts: Facts) -> str | None:
        path = text + fill(call, facts)
        return None if has_dot_segment(path) else path

    return build
