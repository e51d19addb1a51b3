"""The `ec2` protocol: the `query` protocol with names, lists and envelopes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.form_readers import FormReaders
from bargate.wire.query import namespace, request_reader, xml_response
from bargate.wire.xml_text import text
from bargate.wire.xml_writers import XmlWriters

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel, Shape

    from bargate.wire.protocol import Fault, Params, ReadRequest, WriteResponse
    from bargate.wire.request import HttpResponse


class Ec2Readers(FormReaders):
    """Names start with a capital, and every list is flat."""

    def name(self, shape: Shape, default: str) -> str:
        """Give `queryName`, else `locationName` with a capital, else the member's own name."""
        query_name: str | None = shape.serialization.get("queryName")
        if query_name is not None:
            return query_name
        name: str = shape.serialization.get("name", "")
        return name[:1].upper() + name[1:] if name else default

    def element(self, shape: Shape) -> str | None:  # noqa: ARG002 - a rule for every shape
        """Give None: numbers follow a list's own name."""
        return None

    def member_name(self, shape: Shape, default: str) -> str:
        """Give a member's name; what a list's elements are called does not matter."""
        return self.name(shape, default)


def compile_request(operation: OperationModel) -> ReadRequest:
    """Compile what reads an operation's parameters; it raises MalformedInput."""
    return request_reader(operation, Ec2Readers())


def compile_response(operation: OperationModel) -> WriteResponse:
    """Compile what writes an operation's output, its members beside the request id."""
    name, shape = f"{operation.name}Response", operation.output_shape
    start = f"<{name}{namespace(operation.service_model)}>"
    content = None if shape is None else XmlWriters().content(shape)

    def write_response(output: Params, request_id: str) -> HttpResponse:
        out = [start, f"<requestId>{text(request_id)}</requestId>"]
        if content is not None:
            content(output, out)
        out.append(f"</{name}>")
        return xml_response(operation.http.get("responseCode", 200), "".join(out), request_id)

    return write_response


def write_error(_service: ServiceModel | None, fault: Fault, request_id: str) -> HttpResponse:
    """Write an error as `Response`, which has no namespace."""
    body = (
        f"<Response><Errors><Error><Code>{text(fault.code)}</Code>"
        f"<Message>{text(fault.message)}</Message></Error></Errors>"
        f"<RequestID>{text(request_id)}</RequestID></Response>"
    )
    return xml_response(fault.status, body, request_id)
