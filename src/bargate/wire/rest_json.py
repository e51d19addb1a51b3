"""The `rest-json` protocol (API Gateway): path, query string, headers and JSON bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire import rest_requests, rest_responses
from bargate.wire.headers import plain
from bargate.wire.json_writers import dumps
from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from bargate.wire.protocol import Fault, ReadRequest, WriteResponse


def compile_request(operation: OperationModel) -> ReadRequest:
    """Compile what reads an operation's requests; it raises SerializationException."""
    return rest_requests.compile_request(operation)


def compile_response(operation: OperationModel) -> WriteResponse:
    """Compile what writes an operation's output."""
    return rest_responses.compile_response(operation)


def write_error(service: ServiceModel | None, fault: Fault, request_id: str) -> HttpResponse:
    """Write an error as `{"message": …}`, its code in a header (AWS [R] apigw-errors §5).

    Where no service is named, clients of the json protocol find the code as `__type` too.
    """
    headers = [
        ("x-amzn-RequestId", plain(request_id)),
        ("x-amzn-ErrorType", plain(fault.code)),
        ("Content-Type", "application/json"),
    ]
    body = {"message": fault.message}
    if service is None:
        body = {"__type": fault.code, **body}
    return HttpResponse(fault.status, headers, dumps(body))
