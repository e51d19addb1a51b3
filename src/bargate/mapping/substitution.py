"""Gateway response templates: plain substitution, not VTL (AWS [D] apigw-errors §1).

`$context.X`, `$stageVariables.X` and `method.request.{header|path|querystring}.X` are replaced;
all else stands. What a caller wrote is escaped for the template's media type, so that it cannot
end a JSON string or open an HTML tag; AWS inserts it raw. Texts of the refusal itself
(`$context.error.*`) are inserted raw in JSON, as templates count on it.
"""

import json
import re
from collections.abc import Callable
from html import escape
from typing import TypeAlias

from bargate.access.call import Call, Facts
from bargate.access.verdict import Denial
from bargate.mapping.context import Place, compile_variable
from bargate.mapping.errors import compile_error_variable
from bargate.mapping.expressions import compile_source

Part: TypeAlias = Callable[[Call, Facts, Place, Denial], str]
Body: TypeAlias = Callable[[Call, Facts, Place, Denial], bytes]
Escape: TypeAlias = Callable[[str], str]

_NAME = r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_:\-]+)*(?:\['[^']{1,256}'\])?"
_VARIABLE = re.compile(
    rf"\$(\{{)?context\.(?P<context>{_NAME})(?(1)\}})"
    r"|\$(\{)?stageVariables\.(?P<stage>[A-Za-z0-9_]+)(?(3)\})"
    r"|\$?\bmethod\.request\.(?P<request>(?:header|path|querystring|multivalueheader|"
    r"multivaluequerystring)\.[A-Za-z0-9_\-.]*[A-Za-z0-9_\-])"
)


def compile_body(template: str, content_type: str, place: Place) -> Body:
    """Compile a template of one media type."""
    escaped = _escape_for(content_type)
    pieces: list[str | Part] = []
    at = 0
    for match in _VARIABLE.finditer(template):
        pieces.append(template[at : match.start()])
        pieces.append(_part(match, escaped, content_type, place))
        at = match.end()
    pieces.append(template[at:])

    def body(call: Call, facts: Facts, place: Place, denial: Denial) -> bytes:
        text = "".join(
            piece if isinstance(piece, str) else piece(call, facts, place, denial)
            for piece in pieces
        )
        return text.encode("utf-8", "replace")

    return body


def _part(match: re.Match[str], escaped: Escape, content_type: str, place: Place) -> Part:
    if (name := match["context"]) is not None:
        error = compile_error_variable(name)
        if error is not None:
            # These two are JSON, or a word, already; the others may hold what the client sent.
            plain = name in {"error.messageString", "error.responseType"}
            markup = escape if _is_markup(content_type) else str
            return _error_part(error, markup if plain else escaped)
        variable = compile_variable(name)
        return lambda call, facts, place, _denial: escaped(variable(call, facts, place) or "")
    if (name := match["stage"]) is not None:
        return lambda _call, _facts, place, _denial: place.stage_variables.get(name, "")
    source = compile_source(f"method.request.{match['request']}", place, ())
    return lambda call, facts, _place, _denial: escaped(",".join(source(call, facts)))


def _error_part(error: Callable[[Denial], str | None], escaped: Escape) -> Part:
    def part(_call: Call, _facts: Facts, _place: Place, denial: Denial) -> str:
        text = error(denial)
        return "null" if text is None else escaped(text)

    return part


def _escape_for(content_type: str) -> Escape:
    if "json" in content_type:
        return _json_escape
    return escape if _is_markup(content_type) else str


def _is_markup(content_type: str) -> bool:
    return "html" in content_type or "xml" in content_type


def _json_escape(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]
