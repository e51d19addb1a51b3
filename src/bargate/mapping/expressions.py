"""Parameter mapping expressions of REST APIs: where a mapped value comes from.

AWS [D] request-response-data-mappings:
    method.request.{header|multivalueheader|querystring|multivaluequerystring|path}.NAME
    method.request.body[.JSONPATH]
    integration.response.{header|multivalueheader}.NAME, integration.response.body[.JSONPATH]
    context.NAME, stageVariables.NAME, 'static text'

Single-valued forms take the last of repeated values, as recorded [R].
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import unquote

from bargate.access.call import Call, Facts
from bargate.access.request_values import forwarded_for, query_values
from bargate.mapping.context import Place, compile_variable
from bargate.mapping.json_path import JsonPathError, compile_json_path
from bargate.mapping.plan import Headers
from bargate.model.invalid import InvalidConfiguration

# Values of one expression for a call; none at all where the call has no such parameter.
Source: TypeAlias = Callable[[Call, Facts], list[str]]
# Values of one expression for a backend's answer: call, facts, headers and body.
ResponseSource: TypeAlias = Callable[[Call, Facts, Headers, bytes], list[str]]

_REQUEST = "method.request."
_RESPONSE = "integration.response."


class UnreadableBody(ValueError):
    """A body that a mapping needs as JSON is not JSON."""


def compile_source(expression: str, place: Place, path: tuple[str, ...]) -> Source:
    """Compile an expression over a request. Raises InvalidConfiguration when it is none."""
    if expression.startswith(_REQUEST):
        return _request_source(expression, path)
    return _constant_or_variable(expression, place, path)


def compile_response_source(expression: str, place: Place, path: tuple[str, ...]) -> ResponseSource:
    """Compile an expression over a backend's answer."""
    if expression.startswith(_RESPONSE):
        return _response_source(expression, path)
    source = _constant_or_variable(expression, place, path)
    return lambda call, facts, _headers, _body: source(call, facts)


def invalid_expression(expression: str, path: tuple[str, ...]) -> InvalidConfiguration:
    """Say as AWS does that a mapping expression is refused (AWS [O])."""
    return InvalidConfiguration(
        path,
        "Invalid mapping expression specified: Validation Result: warnings : [], errors :"
        f" [Invalid mapping expression parameter specified: {expression}]",
    )


def header_values(headers: Headers, name: bytes) -> list[str]:
    """Give the values of a header (lower-case name), one for each line."""
    return [value.decode("latin-1") for sent, value in headers if sent.lower() == name]


def request_header_values(call: Call, name: bytes) -> list[str]:
    """Give a request header's values; X-Forwarded-For always ends with the caller's address."""
    if name == b"x-forwarded-for":
        return [forwarded_for(call)]
    return header_values(call.headers, name) if name in call.header else []


def json_text(value: Any) -> str:
    """Write a JSON value for a parameter: strings as they are, others as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def _constant_or_variable(expression: str, place: Place, path: tuple[str, ...]) -> Source:
    if len(expression) > 1 and expression[0] == expression[-1] == "'":
        values = [expression[1:-1]]
        return lambda _call, _facts: values
    if expression.startswith("context."):
        variable = compile_variable(expression.removeprefix("context."))

        def context_source(call: Call, facts: Facts) -> list[str]:
            value = variable(call, facts, place)
            return [] if value is None else [value]

        return context_source
    if expression.startswith("stageVariables."):
        value = place.stage_variables.get(expression.removeprefix("stageVariables."))
        fixed = [] if value is None else [value]
        return lambda _call, _facts: fixed
    raise invalid_expression(expression, path)


def _request_source(expression: str, path: tuple[str, ...]) -> Source:
    location, _, name = expression.removeprefix(_REQUEST).partition(".")
    if location == "body":
        find = _body_finder(name, expression, path)
        return lambda call, _facts: find(call.body)
    compiler = _REQUEST_SOURCES.get(location)
    if compiler is None or not name:
        raise invalid_expression(expression, path)
    return compiler(name)


def _response_source(expression: str, path: tuple[str, ...]) -> ResponseSource:
    location, _, name = expression.removeprefix(_RESPONSE).partition(".")
    if location == "body":
        find = _body_finder(name, expression, path)
        return lambda _call, _facts, _headers, body: find(body)
    if location not in {"header", "multivalueheader"} or not name:
        raise invalid_expression(expression, path)
    wanted = name.lower().encode("latin-1", "replace")
    if location == "header":
        return lambda _call, _facts, headers, _body: header_values(headers, wanted)[-1:]
    return lambda _call, _facts, headers, _body: _joined(header_values(headers, wanted))


def _body_finder(
    json_path: str, expression: str, path: tuple[str, ...]
) -> Callable[[bytes], list[str]]:
    if not json_path:
        return lambda body: [body.decode("utf-8", "replace").strip()] if body else []
    try:
        compiled = compile_json_path(json_path)
    except JsonPathError as error:
        raise invalid_expression(expression, path) from error

    def find(body: bytes) -> list[str]:
        document = body_document(body)
        try:
            value = None if document is None else compiled.find(document)
        except JsonPathError as error:
            raise UnreadableBody(str(error)) from error
        return [] if value is None else [json_text(value)]

    return find


def body_document(body: bytes) -> Any:
    """Read a body as JSON where it starts like JSON, else None (AWS [R] recorded).

    Raises UnreadableBody when it starts like JSON and is not.
    """
    trimmed = body.strip()
    if trimmed[:1] not in {b"{", b"[", b'"'}:
        return None
    try:
        return json.loads(trimmed)
    except (ValueError, RecursionError) as error:
        raise UnreadableBody(str(error)) from error


def _joined(values: list[str]) -> list[str]:
    return [",".join(values)] if values else []


def _header(name: str) -> Source:
    wanted = name.lower().encode("latin-1", "replace")
    return lambda call, _facts: request_header_values(call, wanted)[-1:]


def _multi_value_header(name: str) -> Source:
    wanted = name.lower().encode("latin-1", "replace")
    return lambda call, _facts: _joined(request_header_values(call, wanted))


def _query(name: str) -> Source:
    return lambda call, _facts: query_values(call.query, name)[-1:]


def _multi_value_query(name: str) -> Source:
    return lambda call, _facts: query_values(call.query, name)


def path_parameter(name: str) -> Source:
    """Give the decoded value of a path parameter."""

    def source(_call: Call, facts: Facts) -> list[str]:
        raw = facts.path_parameters.get(name)
        return [] if raw is None else [unquote(raw)]

    return source


_REQUEST_SOURCES: Mapping[str, Callable[[str], Source]] = {
    "header": _header,
    "multivalueheader": _multi_value_header,
    "querystring": _query,
    "multivaluequerystring": _multi_value_query,
    "path": path_parameter,
}
