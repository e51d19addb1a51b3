"""Reads rest-json requests: each member of an input comes from one place in the request.

uri            {restapi_id} in the path, percent-decoded
querystring    ?limit=25; a list takes every value of its name, a map what no one else takes
header(s)      one header, or all with a prefix
payload        the whole body: bytes, text or JSON
(none)         a member of the JSON body
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from msgspec import Struct

from bargate.wire import headers, scalars, strict_json
from bargate.wire.body import content_codings, is_zipped, plain_body
from bargate.wire.form import decode, pairs
from bargate.wire.json_readers import JsonReaders

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

    from bargate.wire.find import Found
    from bargate.wire.protocol import Params, ReadRequest
    from bargate.wire.request import HttpRequest

CODE = "SerializationException"
TIMESTAMP_FORMAT = "iso8601"
_ABSENT: Any = object()
# What signs a presigned request is no parameter of the operation.
_PRESIGNED = "x-amz-"


class Parts(Struct):
    """A request taken apart: raw path labels, decoded query string, headers, decoded body."""

    labels: dict[str, str]
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


ReadMember: TypeAlias = Callable[[Parts], Any]


def compile_request(operation: OperationModel) -> ReadRequest:
    """Compile what reads an operation's requests; it raises SerializationException."""
    shape = operation.input_shape
    if shape is None:
        return lambda _found, _request: {}
    taken = _taken(operation, shape)
    located = [
        (name, _member(member, name, taken))
        for name, member in shape.members.items()
        if "location" in member.serialization
    ]
    read_body = _body(shape)

    def read_request(found: Found, request: HttpRequest) -> Params:
        parts = _parts(found, request)
        params = read_body(parts)
        for name, read in located:
            value = read(parts)
            if value is not _ABSENT:
                params[name] = value
        return params

    return read_request


def _parts(found: Found, request: HttpRequest) -> Parts:
    query: dict[str, list[str]] = {}
    for name, value in pairs(request.query, CODE):
        query.setdefault(name, []).append(value)
    fields = request.headers
    if is_zipped(request):
        fields = {**fields, "content-encoding": ", ".join(content_codings(request)[:-1])}
        if not fields["content-encoding"]:
            del fields["content-encoding"]
    return Parts(found.uri, query, fields, plain_body(request, CODE))


def _member(shape: Shape, name: str, taken: set[str]) -> ReadMember:
    """Compile what reads a member that has a location."""
    location, key = shape.serialization["location"], shape.serialization.get("name", name)
    if location == "uri":
        return _label(shape, key)
    if location == "querystring":
        if shape.type_name == "map":
            return _query_map(shape, taken)
        return _query_list(shape, key) if shape.type_name == "list" else _query(shape, key)
    if location == "header":
        return _header(shape, key.lower())
    return _prefixed_headers(shape.serialization.get("name", "").lower())


def _label(shape: Shape, key: str) -> ReadMember:
    read = scalars.reader(shape, TIMESTAMP_FORMAT)
    return lambda parts: _scalar(read, decode(parts.labels[key], CODE))


def _query(shape: Shape, key: str) -> ReadMember:
    read_text = scalars.reader(shape, TIMESTAMP_FORMAT)

    def read(parts: Parts) -> Any:
        values = parts.query.get(key)
        if values is None:
            return _ABSENT
        if len(values) > 1:
            raise strict_json.malformed("A query parameter is given more than once")
        return _scalar(read_text, values[0])

    return read


def _query_list(shape: Shape, key: str) -> ReadMember:
    read_text = scalars.reader(shape.member, TIMESTAMP_FORMAT)

    def read(parts: Parts) -> Any:
        values = parts.query.get(key)
        return _ABSENT if values is None else [_scalar(read_text, each) for each in values]

    return read


def _query_map(shape: Shape, taken: set[str]) -> ReadMember:
    """Compile what reads the parameters that are no literals of the URI and no other member's.

    Smithy's httpQueryParams has a server put in the latter too; API Gateway's operations
    (`parameters` of ImportRestApi) are simpler and safer without what was read already [I].
    """
    is_list = shape.value.type_name == "list"

    def read(parts: Parts) -> Any:
        found = {
            name: values if is_list else values[-1]
            for name, values in parts.query.items()
            if name not in taken and not name.lower().startswith(_PRESIGNED)
        }
        return found or _ABSENT

    return read


def _taken(operation: OperationModel, shape: Shape) -> set[str]:
    """Give the query parameters that are literals of the URI or have a member of their own."""
    literals = parse_qsl(operation.http["requestUri"].partition("?")[2], keep_blank_values=True)
    return {name for name, _ in literals} | {
        member.serialization.get("name", name)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "querystring" and member.type_name != "map"
    }


def _header(shape: Shape, key: str) -> ReadMember:
    read_text = headers.reader(shape)

    def read(parts: Parts) -> Any:
        text = parts.headers.get(key)
        return _ABSENT if text is None else _scalar(read_text, text.strip())

    return read


def _prefixed_headers(prefix: str) -> ReadMember:
    def read(parts: Parts) -> Any:
        found = {
            name[len(prefix) :]: text
            for name, text in parts.headers.items()
            if name.startswith(prefix)
        }
        return found or _ABSENT

    return read


def _scalar(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except scalars.InvalidScalar as error:
        raise strict_json.malformed(str(error)) from error


def _body(shape: Shape) -> Callable[[Parts], Params]:
    """Compile what reads the body: its payload member, or the members that have no location."""
    payload = shape.serialization.get("payload")
    if payload is not None:
        read_payload = _payload(shape.members[payload])
        empty = (b"", b"{}") if shape.members[payload].metadata.get("union") else (b"",)
        return lambda parts: {} if parts.body in empty else {payload: read_payload(parts.body)}
    names = {name for name, each in shape.members.items() if "location" not in each.serialization}
    if not names:
        return lambda _parts: {}
    read = JsonReaders().members(shape, names)
    return lambda parts: read(strict_json.loads(parts.body)) if parts.body else {}


def _payload(shape: Shape) -> Callable[[bytes], Any]:
    if shape.type_name == "blob":
        return bytes
    if shape.type_name == "string":
        return _text
    read = JsonReaders().reader(shape)
    return lambda body: read(strict_json.loads(body))


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise strict_json.malformed("The request is not valid UTF-8") from error
