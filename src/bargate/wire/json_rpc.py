"""The `json` protocol, versions 1.0 and 1.1: an operation by `X-Amz-Target`, JSON both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.wire import strict_json
from bargate.wire.body import plain_body
from bargate.wire.headers import plain
from bargate.wire.json_readers import JsonReaders
from bargate.wire.json_writers import JsonWriters, dumps
from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from bargate.wire.find import Found
    from bargate.wire.protocol import Fault, Params, ReadRequest, WriteResponse
    from bargate.wire.request import HttpRequest


def compile_request(operation: OperationModel) -> ReadRequest:
    """Compile what reads an operation's body; it raises SerializationException."""
    if operation.input_shape is None:
        return lambda _found, _request: {}
    read = JsonReaders().reader(operation.input_shape)

    def read_request(_found: Found, request: HttpRequest) -> Params:
        body = plain_body(request, "SerializationException")
        params: dict[str, Any] = read(strict_json.loads(body)) if body else {}
        return params

    return read_request


def compile_response(operation: OperationModel) -> WriteResponse:
    """Compile what writes an operation's output; one without members is an empty object."""
    shape, service = operation.output_shape, operation.service_model
    write = None if shape is None else JsonWriters().writer(shape)
    status = operation.http.get("responseCode", 200)

    def write_response(output: Params, request_id: str) -> HttpResponse:
        body = b"{}" if write is None else dumps(write(output))
        return HttpResponse(status, _headers(service, request_id), body)

    return write_response


def write_error(service: ServiceModel | None, fault: Fault, request_id: str) -> HttpResponse:
    """Write an error with its code as `__type`."""
    headers = _headers(service, request_id)
    if service is not None and service.is_query_compatible:
        kind = "Sender" if fault.is_sender else "Receiver"
        headers.append(("x-amzn-query-error", plain(f"{fault.code};{kind}")))
    body = dumps({"__type": fault.code, "message": fault.message})
    return HttpResponse(fault.status, headers, body)


def _headers(service: ServiceModel | None, request_id: str) -> list[tuple[str, str]]:
    version = "1.1" if service is None else service.metadata.get("jsonVersion", "1.1")
    media_type = f"application/x-amz-json-{version}"
    return [("x-amzn-RequestId", plain(request_id)), ("Content-Type", media_type)]
