"""Selection expressions of HTTP APIs: `$request.header.x`, `text ${context.requestId}`, text.

AWS [D] http-api-parameter-mapping: repeated headers and query parameters are joined by commas;
JSON paths know no descendants and no filters and see the first 100 KB of a body.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias
from urllib.parse import quote, unquote

from bargate.access.call import Call, Facts
from bargate.access.request_values import query_values
from bargate.mapping.context import Place, compile_variable
from bargate.mapping.expressions import (
    UnreadableBody,
    body_document,
    header_values,
    json_text,
    request_header_values,
)
from bargate.mapping.json_path import JsonPathError, compile_json_path
from bargate.mapping.plan import Headers
from bargate.mapping.uri import encoded_path_value, path_value
from bargate.model.invalid import InvalidConfiguration

Value: TypeAlias = Callable[[Call, Facts], str]
ResponseValue: TypeAlias = Callable[[Call, Facts, Headers, bytes], str]

MAX_JSON_BODY_BYTES = 100 * 1024
_BRACED = re.compile(r"\$\{([^{}]+)\}")


def compile_value(text: str, place: Place, path: tuple[str, ...]) -> Value:
    """Compile a request value. Raises InvalidConfiguration for unknown expressions."""
    parts = [
        part if fixed else _request_part(part, place, path) for part, fixed in _split(text, path)
    ]
    return lambda call, facts: "".join(
        part if isinstance(part, str) else part(call, facts) for part in parts
    )


def compile_path_value(text: str, place: Place, path: tuple[str, ...]) -> Value:
    """Compile a new request path; what comes from the call is percent-encoded.

    A value that stands for the whole path keeps its slashes; inside a longer text it does not.
    """
    split = _split(text, path)
    whole = len(split) == 1
    parts = [
        _fixed_path(part, path) if fixed else _path_part(part, place, path, whole=whole)
        for part, fixed in split
    ]

    def value(call: Call, facts: Facts) -> str:
        joined = "".join(part if isinstance(part, str) else part(call, facts) for part in parts)
        return joined if joined.startswith("/") else f"/{joined}"

    return value


def compile_response_value(
    text: str, place: Place, path: tuple[str, ...]
) -> tuple[ResponseValue, bool]:
    """Compile a response value, and say whether it reads the body."""
    split = _split(text, path)
    parts = [part if fixed else _response_part(part, place, path) for part, fixed in split]
    reads_body = any(not fixed and part.startswith("response.body") for part, fixed in split)

    def value(call: Call, facts: Facts, headers: Headers, body: bytes) -> str:
        return "".join(
            part if isinstance(part, str) else part(call, facts, headers, body) for part in parts
        )

    return value, reads_body


def _split(text: str, path: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Split a text into (part, is it fixed) pairs."""
    if text.startswith("$") and not text.startswith("${"):
        return [(text[1:], False)]
    pieces = _BRACED.split(text)
    for piece in pieces[::2]:
        if "${" in piece:
            raise InvalidConfiguration(path, f"a '${{' without '}}' in {text!r}")
    return [(piece, at % 2 == 0) for at, piece in enumerate(pieces) if at % 2 or piece]


def _request_part(expression: str, place: Place, path: tuple[str, ...]) -> Value:
    head, _, name = expression.partition(".")
    if head in {"context", "stageVariables"}:
        return _common(head, name, place)
    location, _, name = name.partition(".")
    if head == "request" and location == "path":
        return _request_path(name)
    if head == "request" and location == "body":
        find = _body_finder(name, expression, path)
        return lambda call, _facts: find(call.body)
    if head != "request" or not name or location not in _REQUEST_PARTS:
        raise _unknown(expression, path)
    return _REQUEST_PARTS[location](name)


def _response_part(expression: str, place: Place, path: tuple[str, ...]) -> ResponseValue:
    head, _, name = expression.partition(".")
    if head in {"context", "stageVariables"}:
        common = _common(head, name, place)
        return lambda call, facts, _headers, _body: common(call, facts)
    location, _, name = name.partition(".")
    if head == "response" and location == "body":
        find = _body_finder(name, expression, path)

        def body_value(_call: Call, _facts: Facts, _headers: Headers, body: bytes) -> str:
            try:
                return find(body)
            except UnreadableBody:
                return ""  # the backend's fault, not the client's: the mapping has no value

        return body_value
    if head != "response" or location != "header" or not name:
        raise _unknown(expression, path)
    wanted = name.lower().encode("latin-1", "replace")
    return lambda _call, _facts, headers, _body: ",".join(header_values(headers, wanted))


def _common(kind: str, name: str, place: Place) -> Value:
    if kind == "stageVariables":
        fixed = place.stage_variables.get(name, "")
        return lambda _call, _facts: fixed
    variable = compile_variable(name)
    return lambda call, facts: variable(call, facts, place) or ""


def _request_path(name: str) -> Value:
    if not name:
        return lambda call, _facts: call.resource_path
    return lambda _call, facts: unquote(facts.path_parameters.get(name, ""))


def _path_part(expression: str, place: Place, path: tuple[str, ...], *, whole: bool) -> Value:
    if expression == "request.path":
        return lambda call, _facts: encoded_path_value(call.resource_path)
    if expression.startswith("request.path."):
        name = expression.removeprefix("request.path.")
        return lambda _call, facts: encoded_path_value(facts.path_parameters.get(name, ""))
    value = _request_part(expression, place, path)
    if whole:
        return lambda call, facts: quote(value(call, facts), safe="/")
    return lambda call, facts: path_value(value(call, facts))


def _fixed_path(text: str, path: tuple[str, ...]) -> str:
    if not text.isascii() or re.search(r"[\x00-\x20\x7f?#\\]", text):
        raise InvalidConfiguration(
            path, "the path has a query, space or character that must be percent-encoded"
        )
    return text


def _body_finder(json_path: str, expression: str, path: tuple[str, ...]) -> Callable[[bytes], str]:
    if not json_path:
        return lambda body: body.decode("utf-8", "replace")
    try:
        compiled = compile_json_path(json_path)
    except JsonPathError as error:
        raise _unknown(expression, path) from error
    if ".." in expression or "?(" in json_path:
        raise InvalidConfiguration(
            path, f"{expression!r}: descendants and filters are not supported in HTTP APIs"
        )

    def find(body: bytes) -> str:
        document = body_document(body[:MAX_JSON_BODY_BYTES])
        try:
            found = None if document is None else compiled.find(document)
        except JsonPathError as error:
            raise UnreadableBody(str(error)) from error
        return "" if found is None else json_text(found)

    return find


def _header(name: str) -> Value:
    wanted = name.lower().encode("latin-1", "replace")
    return lambda call, _facts: ",".join(request_header_values(call, wanted))


def _querystring(name: str) -> Value:
    return lambda call, _facts: ",".join(query_values(call.query, name))


_REQUEST_PARTS: Mapping[str, Callable[[str], Value]] = {
    "header": _header,
    "querystring": _querystring,
}


def _unknown(expression: str, path: tuple[str, ...]) -> InvalidConfiguration:
    # AWS [O]: the words of PutIntegration
    return InvalidConfiguration(
        path,
        "Invalid mapping expression specified: Validation Result: warnings : [], errors :"
        f" [Invalid source: {expression} specified]",
    )
