"""Choose between a REST API and an HTTP API as the contents of a document ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from bargate.openapi.extensions import PREFIX
from bargate.openapi.source import Scalar, child

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bargate.openapi.cursor import Cursor

Kind = Literal["REST", "HTTP"]

_REST_ROOT = (
    "policy", "request-validators", "request-validator", "gateway-responses", "api-key-source",
    "binary-media-types", "minimum-compression-size",
)  # fmt: skip
_REST_INTEGRATIONS = {"http", "mock", "aws"}
_REST_AUTHORIZERS = {"token", "cognito_user_pools"}


class _Hint(Struct, frozen=True, eq=False):
    """A place that only one kind of API can have."""

    kind: Kind
    cursor: Cursor
    what: str


def kind_of(root: Cursor) -> Kind:
    """Choose the kind; a document that asks for both at once gets an error naming both lines."""
    first: dict[Kind, _Hint] = {}
    for hint in _hints(root):
        first.setdefault(hint.kind, hint)
    if "HTTP" in first and "REST" in first:
        _refuse(first["REST"], first["HTTP"])
    return "HTTP" if "HTTP" in first else "REST"


def _refuse(rest: _Hint, http: _Hint) -> None:
    rest.cursor.error(
        f"{rest.what} (line {rest.cursor.line()}) exists only in REST APIs, "
        f"but {http.what} (line {http.cursor.line()}) only in HTTP APIs",
        "remove one of them; with --http-api the document is read as an HTTP API",
    )


def _hints(root: Cursor) -> Iterator[_Hint]:
    for name, member in root.members():
        if name == PREFIX + "cors":
            yield _Hint("HTTP", member, name)
        elif name.removeprefix(PREFIX) in _REST_ROOT:
            yield _Hint("REST", member, name)
        elif name == "swagger":
            yield _Hint("REST", member, "swagger 2.0")
    yield from _scheme_hints(root.at("securityDefinitions"))
    components = root.at("components")
    if components is not None:
        yield from _scheme_hints(components.at("securitySchemes"))
        yield from _integration_hints(components.at(PREFIX + "integrations"))
    yield from _path_hints(root.at("paths"))


def _scheme_hints(schemes: Cursor | None) -> Iterator[_Hint]:
    for _, scheme in schemes.members() if schemes else ():
        authorizer = scheme.at(PREFIX + "authorizer")
        if authorizer is None:
            continue
        written = _word(authorizer, "type")
        if written == "jwt" or authorizer.has("jwtConfiguration"):
            yield _Hint("HTTP", authorizer, "a JWT authorizer")
        elif _word(authorizer, "authorizerPayloadFormatVersion") == "2.0":
            yield _Hint("HTTP", authorizer, "an authorizer with payload format 2.0")
        elif written in _REST_AUTHORIZERS:
            yield _Hint("REST", authorizer, f"an authorizer of type {written}")


def _path_hints(paths: Cursor | None) -> Iterator[_Hint]:
    for path, item in paths.members() if paths else ():
        if path == "/$default":
            yield _Hint("HTTP", item, "the $default route")
        for _, operation in item.members():
            yield from _operation_hints(operation)


def _operation_hints(operation: Cursor) -> Iterator[_Hint]:
    validator = operation.at(PREFIX + "request-validator")
    if validator is not None:
        yield _Hint("REST", validator, PREFIX + "request-validator")
    integration = operation.at(PREFIX + "integration")
    if integration is not None:
        yield from _hints_of_integration(integration)


def _integration_hints(integrations: Cursor | None) -> Iterator[_Hint]:
    for _, integration in integrations.members() if integrations else ():
        yield from _hints_of_integration(integration)


def _hints_of_integration(integration: Cursor) -> Iterator[_Hint]:
    if _word(integration, "payloadFormatVersion") == "2.0":
        yield _Hint("HTTP", integration, "an integration with payload format 2.0")
    elif _word(integration, "type") in _REST_INTEGRATIONS:
        yield _Hint("REST", integration, f"an integration of type {_word(integration, 'type')}")


def _word(cursor: Cursor, key: str) -> str | None:
    """Give a member as it is written, in small letters, whatever its type."""
    node = child(cursor.node, key)
    return node.text.lower() if isinstance(node, Scalar) else None
