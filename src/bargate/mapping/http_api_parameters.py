"""Parameter mapping of HTTP APIs: what is changed on the way to the backend and back.

AWS [D] http-api-parameter-mapping:
    append|overwrite|remove:header.NAME, append|overwrite|remove:querystring.NAME, overwrite:path
    responses, by status code: append|overwrite|remove:header.NAME, overwrite:statuscode
Changes apply in the order of the document. A value that comes out empty removes what it would
have overwritten and adds nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.mapping.context import Place
from bargate.mapping.headers import PassingNames, header_value, is_header_name
from bargate.mapping.plan import Headers
from bargate.mapping.selection import (
    ResponseValue,
    Value,
    compile_path_value,
    compile_response_value,
    compile_value,
)
from bargate.mapping.targets import query_pair
from bargate.mapping.uri import query_name
from bargate.model.invalid import InvalidConfiguration

HeaderChange: TypeAlias = Callable[[Headers, str], Headers]
QueryChange: TypeAlias = Callable[[str, str], str]

_KEY = re.compile(
    r"(append|overwrite|remove):(header|querystring)\.(.+)|(overwrite):(path|statuscode)"
)
# AWS [D] http-api-parameter-mapping, reserved headers; an asterisk ends a prefix.
RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-encoding",
        "content-length",
        "content-location",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
)
RESERVED_PREFIXES = ("access-control-", "apigw-", "x-amz-", "x-amzn-")
_STATUSES = range(200, 600)


class RequestChanges(Struct, frozen=True):
    """The changes to requests of one route."""

    path: Callable[[Call, Facts], str] | None
    header_changes: tuple[tuple[HeaderChange, Value], ...]
    query_changes: tuple[tuple[QueryChange, Value], ...]

    def headers(self, headers: Headers, call: Call, facts: Facts) -> Headers:
        """Give the changed headers. Raises UnreadableBody."""
        for change, value in self.header_changes:
            headers = change(headers, value(call, facts))
        return headers

    def query(self, query: str, call: Call, facts: Facts) -> str:
        """Give the changed query. Raises UnreadableBody."""
        for change, value in self.query_changes:
            query = change(query, value(call, facts))
        return query


class ResponseChanges(Struct, frozen=True):
    """The changes to answers of one route, by the backend's status."""

    headers: Mapping[int, tuple[tuple[HeaderChange, ResponseValue], ...]]
    statuses: Mapping[int, ResponseValue]
    reads_body: bool

    @property
    def any(self) -> bool:
        """Whether there is anything to change."""
        return bool(self.headers or self.statuses)

    def apply(
        self, call: Call, facts: Facts, status: int, headers: Headers, body: bytes
    ) -> tuple[int, Headers]:
        """Give the status and headers the client gets; an unusable status stays the backend's."""
        changed = headers
        for change, value in self.headers.get(status, ()):
            changed = change(changed, value(call, facts, headers, body))
        if status in self.statuses:
            text = self.statuses[status](call, facts, headers, body).strip()
            if text.isascii() and text.isdigit() and len(text) == 3 and int(text) in _STATUSES:  # noqa: PLR2004 - a status has three digits
                status = int(text)
        return status, changed


def compile_request_changes(
    parameters: Mapping[str, str], place: Place, path: tuple[str, ...]
) -> RequestChanges:
    """Compile `requestParameters`. Raises InvalidConfiguration."""
    new_path = None
    headers: list[tuple[HeaderChange, Value]] = []
    queries: list[tuple[QueryChange, Value]] = []
    for key, text in parameters.items():
        here = (*path, key)
        action, location, name = _parse_key(key, here)
        if location == "statuscode":
            raise _bad_key(key, here)
        if location == "path":
            new_path = compile_path_value(text, place, here)
            continue
        value = _nothing if action == "remove" else compile_value(text, place, here)
        if location == "header":
            headers.append((_header_change(action, name, here), value))
        else:
            queries.append((_query_change(action, name), value))
    return RequestChanges(new_path, tuple(headers), tuple(queries))


def compile_response_changes(
    parameters: Mapping[str, Mapping[str, str]], place: Place, path: tuple[str, ...]
) -> ResponseChanges:
    """Compile `responseParameters`. Raises InvalidConfiguration."""
    headers: dict[int, tuple[tuple[HeaderChange, ResponseValue], ...]] = {}
    statuses: dict[int, ResponseValue] = {}
    reads_body = False
    for status_text, changes in parameters.items():
        status = _status(status_text, path)
        found: list[tuple[HeaderChange, ResponseValue]] = []
        for key, text in changes.items():
            here = (*path, status_text, key)
            action, location, name = _parse_key(key, here)
            value, wants_body = (
                (_no_response_value, False)
                if action == "remove"
                else compile_response_value(text, place, here)
            )
            reads_body = reads_body or wants_body
            if location == "header":
                found.append((_header_change(action, name, here), value))
            elif location == "statuscode":
                statuses[status] = value
            else:
                raise _bad_key(key, here)
        headers[status] = tuple(found)
    return ResponseChanges(headers, statuses, reads_body)


def _parse_key(key: str, path: tuple[str, ...]) -> tuple[str, str, str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise _bad_key(key, path)
    return match[1] or match[4], match[2] or match[5], match[3] or ""


def _bad_key(key: str, path: tuple[str, ...]) -> InvalidConfiguration:
    return InvalidConfiguration(
        path,
        f"{key!r} names nothing that can be mapped here; write append|overwrite|remove:header.NAME,"
        " append|overwrite|remove:querystring.NAME or overwrite:path in requestParameters, and"
        " append|overwrite|remove:header.NAME or overwrite:statuscode in responseParameters",
    )


def _status(text: str, path: tuple[str, ...]) -> int:
    if not (text.isascii() and text.isdigit() and int(text) in _STATUSES):
        raise InvalidConfiguration((*path, text), f"{text!r} is not a status code from 200 to 599")
    return int(text)


def _header_change(action: str, name: str, path: tuple[str, ...]) -> HeaderChange:
    lower = name.lower()
    if not is_header_name(name):
        raise InvalidConfiguration(path, f"{name!r} is not a header name")
    if lower in RESERVED_HEADERS or lower.startswith(RESERVED_PREFIXES):
        # AWS [D] http-api-parameter-mapping, reserved headers
        raise InvalidConfiguration(path, f"the header {name} is reserved and cannot be mapped")
    wire = name.encode("ascii")
    passes = PassingNames(() if action == "append" else (wire,))

    def change(headers: Headers, value: str) -> Headers:
        kept = [header for header in headers if passes[header[0]]]
        return [*kept, (wire, header_value(value))] if value else kept

    return change


def _query_change(action: str, name: str) -> QueryChange:
    def change(query: str, value: str) -> str:
        pairs = query.split("&") if query else []
        if action != "append":
            pairs = [pair for pair in pairs if query_name(pair) != name]
        if value:
            pairs.append(query_pair(name, value))
        return "&".join(pairs)

    return change


def _nothing(_call: Call, _facts: Facts) -> str:
    return ""


def _no_response_value(_call: Call, _facts: Facts, _headers: Headers, _body: bytes) -> str:
    return ""
