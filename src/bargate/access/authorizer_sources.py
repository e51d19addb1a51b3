"""Identity sources of Lambda authorizers: what of a call names the caller.

    REST  method.request.header.X  method.request.querystring.X  context.X  stageVariables.X
    HTTP        $request.header.X        $request.querystring.X $context.X $stageVariables.X

AWS [D] apigw-evaluation §5, §7.2: names of headers without regard to case, of query parameters with.
Each gives all its values, so that what is remembered belongs to all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from bargate.access.context import compile_variable
from bargate.access.request_values import query_values
from bargate.model.invalid import InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import regex

    from bargate.access.call import Call, Facts
    from bargate.access.context import Place

Values: TypeAlias = tuple[bytes, ...]
# The values of one source, None where there is none or an empty one alone.
ValuesOf: TypeAlias = "Callable[[Call, Facts], Values | None]"

_MAX_EXPRESSION_CHARACTERS: Final = 1_024
_EXPRESSION_TIMEOUT_S: Final = 0.01


def compile_identity_source(text: str, place: Place, path: tuple[str, ...]) -> ValuesOf:
    """Compile one identity source. Raises InvalidConfiguration."""
    plain = text.strip().removeprefix("$").removeprefix("method.")
    kind, _, name = plain.partition(".")
    location, _, parameter = name.partition(".")
    if kind == "request" and location == "header" and parameter:
        return _header(parameter)
    if kind == "request" and location == "querystring" and parameter:
        return _query(parameter)
    if kind == "context" and name:
        return _context(name, place)
    if kind == "stageVariables" and name:
        return _stage_variable(name, place)
    raise InvalidConfiguration(
        path,
        f"{text!r} is no identity source: name a header, a query parameter, a $context variable or"
        " a stage variable",
    )


def hidden_names(sources: Iterable[str]) -> frozenset[str]:
    """Give the names of headers and query parameters among identity sources, in lower case."""
    return frozenset(source.strip().rpartition(".")[2].lower() for source in sources)


def _header(name: str) -> ValuesOf:
    wanted = name.lower().encode("latin-1", "replace")

    def values(call: Call, facts: Facts) -> Values | None:  # noqa: ARG001  a ValuesOf
        joined = call.header.get(wanted)
        if not joined:
            return None
        if b"," not in joined:
            return (joined,)
        # Sent twice, or once with a comma: not the same.
        return tuple(value for sent, value in call.headers if sent.lower() == wanted)

    return values


def _query(name: str) -> ValuesOf:
    def values(call: Call, facts: Facts) -> Values | None:  # noqa: ARG001  a ValuesOf
        found = query_values(call.query, name) if call.query else ()
        if not any(found):
            return None
        return tuple(value.encode("utf-8", "surrogatepass") for value in found)

    return values


def _context(name: str, place: Place) -> ValuesOf:
    variable = compile_variable(name)

    def values(call: Call, facts: Facts) -> Values | None:
        value = variable(call, facts, place)
        return (value.encode("utf-8", "surrogatepass"),) if value else None

    return values


def _stage_variable(name: str, place: Place) -> ValuesOf:
    value = place.stage_variables.get(name)
    fixed = (value.encode("utf-8", "surrogatepass"),) if value else None
    return lambda _call, _facts: fixed


def compile_expression(text: str | None, path: tuple[str, ...]) -> regex.Pattern[str] | None:
    """Compile `identityValidationExpression`. Raises InvalidConfiguration."""
    if not text:
        return None
    if len(text) > _MAX_EXPRESSION_CHARACTERS:
        raise InvalidConfiguration(path, f"over {_MAX_EXPRESSION_CHARACTERS} characters")
    import regex  # noqa: PLC0415  10 ms and 2 MB that most processes never need

    try:
        return regex.compile(text)
    except (regex.error, RecursionError) as error:
        raise InvalidConfiguration(path, f"not a regular expression: {error}") from error


def is_valid_token(expression: regex.Pattern[str], token: str) -> bool:
    """Say whether the whole token matches (AWS [D] apigw-objects §2); too slow a match is none."""
    try:
        return expression.fullmatch(token, timeout=_EXPRESSION_TIMEOUT_S) is not None
    except TimeoutError:
        return False
