"""Sends what botocore's serialisers write to wire, and what wire writes to botocore's parsers."""

from __future__ import annotations

from urllib.parse import urlsplit

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
from botocore.compat import HTTPHeaders

from bargate.wire.find import find_operation
from bargate.wire.request import HttpRequest


def request_of(params, operation, precision="default"):
    """The request that botocore sends for an operation."""
    protocol = operation.service_model.metadata["protocol"]
    serializer = botocore.serialize.create_serializer(protocol, True, precision)
    asked = serializer.serialize_to_request(params, operation)
    botocore.awsrequest.prepare_request_dict(asked, "https://aws.example.com", context={})
    sent = botocore.awsrequest.create_request_object(asked).prepare()
    return http_request(sent.method, sent.url, dict(sent.headers), sent.body)


def http_request(method, url, headers, body):
    parts = urlsplit(url)
    body = b"" if body is None else body.encode() if isinstance(body, str) else bytes(body)
    lower = {
        name.lower(): value.decode("utf-8") if isinstance(value, bytes) else value
        for name, value in headers.items()
    }
    return HttpRequest(method, parts.path, parts.query, lower, body)


def found_of(request, models, operation):
    """The operation that wire finds, which must be the one that was called."""
    service = operation.service_model
    found = find_operation(request, models, service.signing_name)
    assert (found.service, found.operation.name) == (service.service_name, operation.name)
    return found


def parsed_by_botocore(response, operation, shape):
    """What botocore reads from an answer."""
    protocol = operation.service_model.metadata["protocol"]
    headers = HTTPHeaders()
    for name, value in response.headers:
        headers[name] = value
    body = response.body
    if operation.has_streaming_output and response.status < 300:
        body = bytearray(body)  # what a client hands on unread
    answer = {"status_code": response.status, "headers": headers, "body": body}
    return botocore.parsers.create_parser(protocol).parse(answer, shape)
