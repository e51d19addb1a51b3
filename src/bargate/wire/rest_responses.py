"""Writes rest-json responses: status code, headers and body by the locations of the members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bargate.wire import headers
from bargate.wire.json_writers import JsonWriters, dumps
from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from botocore.model import OperationModel, Shape

    from bargate.wire.protocol import Params, WriteResponse

Header: TypeAlias = tuple[str, str]
NO_CONTENT = 204


def compile_response(operation: OperationModel) -> WriteResponse:
    """Compile what writes an operation's output."""
    shape, status = operation.output_shape, operation.http.get("responseCode", 200)
    write_headers, write_body = _headers(shape), _body(shape)
    status_member = _status_member(shape)

    def write_response(output: Params, request_id: str) -> HttpResponse:
        own = output.get(status_member, status) if status_member else status
        fields = [("x-amzn-RequestId", headers.plain(request_id)), *write_headers(output)]
        media_type, body = write_body(output)
        if own == NO_CONTENT:
            return HttpResponse(own, fields, b"")
        if media_type and not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("Content-Type", media_type))
        return HttpResponse(own, fields, body)

    return write_response


def _status_member(shape: Shape | None) -> str | None:
    members = {} if shape is None else shape.members
    for name, member in members.items():
        if member.serialization.get("location") == "statusCode":
            return str(name)
    return None


def _headers(shape: Shape | None) -> Callable[[Params], list[Header]]:
    """Compile what writes the members that go into headers."""
    writers = []
    for name, member in ({} if shape is None else shape.members).items():
        if member.serialization.get("location") == "header":
            writers.append((name, _header(member, member.serialization.get("name", name))))
        elif member.serialization.get("location") == "headers":
            writers.append((name, _prefixed(member.serialization.get("name", ""))))

    def write(output: Params) -> list[Header]:
        found: list[Header] = []
        for name, write_member in writers:
            value = output.get(name)
            if value is not None:
                found.extend(write_member(value))
        return found

    return write


def _header(shape: Shape, key: str) -> Callable[[Any], list[Header]]:
    write = headers.writer(shape)
    return lambda value: [(key, write(value))]


def _prefixed(prefix: str) -> Callable[[Any], list[Header]]:
    def write(value: dict[str, str]) -> list[Header]:
        return [(headers.name(prefix + key), headers.plain(each)) for key, each in value.items()]

    return write


def _body(shape: Shape | None) -> Callable[[Params], tuple[str, bytes]]:
    """Compile what writes the body: media type and bytes, both empty where there is none."""
    if shape is None:
        return lambda _output: ("", b"")
    payload = shape.serialization.get("payload")
    if payload is not None:
        return _payload(payload, shape.members[payload])
    names = {name for name, each in shape.members.items() if "location" not in each.serialization}
    write = JsonWriters().members(shape, names)
    return lambda output: ("application/json", dumps(write(output)))


def _payload(name: str, shape: Shape) -> Callable[[Params], tuple[str, bytes]]:
    media_type = {"blob": "application/octet-stream", "string": "text/plain"}.get(
        shape.type_name, "application/json"
    )
    is_raw, write_json = media_type != "application/json", JsonWriters().writer(shape)

    def write(output: Params) -> tuple[str, bytes]:
        value = output.get(name)
        if value is None:
            return "", b""
        if is_raw:
            return media_type, value.encode("utf-8") if isinstance(value, str) else bytes(value)
        return media_type, dumps(write_json(value))

    return write
