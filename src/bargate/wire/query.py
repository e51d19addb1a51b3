"""The `query` protocol (IAM, STS): form parameters in, XML out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.wire import form
from bargate.wire.form_readers import FormReaders
from bargate.wire.form_tree import tree
from bargate.wire.request import HttpResponse
from bargate.wire.xml_text import attribute, text
from bargate.wire.xml_writers import Write, XmlWriters

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

    from bargate.wire.find import Found
    from bargate.wire.protocol import Fault, Params, ReadRequest, WriteResponse
    from bargate.wire.request import HttpRequest


def compile_request(operation: OperationModel) -> ReadRequest:
    """Compile what reads an operation's parameters; it raises MalformedInput."""
    return request_reader(operation, FormReaders())


def request_reader(operation: OperationModel, readers: FormReaders) -> ReadRequest:
    """Compile what reads parameters by `readers`, as `query` and `ec2` both do."""
    if operation.input_shape is None:
        return lambda _found, _request: {}
    read = readers.reader(operation.input_shape)

    def read_request(found: Found, request: HttpRequest) -> Params:
        parameters = found.form if found.form is not None else form.parameters(request)
        params: dict[str, Any] = read(tree(parameters))
        return params

    return read_request


def compile_response(operation: OperationModel) -> WriteResponse:
    """Compile what writes an operation's output inside its response and result elements."""
    name = f"{operation.name}Response"
    start = f"<{name}{namespace(operation.service_model)}>"
    write = _result(operation)

    def write_response(output: Params, request_id: str) -> HttpResponse:
        out = [start]
        write(output, out)
        metadata = f"<RequestId>{text(request_id)}</RequestId>"
        out.append(f"<ResponseMetadata>{metadata}</ResponseMetadata></{name}>")
        return xml_response(operation.http.get("responseCode", 200), "".join(out), request_id)

    return write_response


def write_error(service: ServiceModel | None, fault: Fault, request_id: str) -> HttpResponse:
    """Write an error as `ErrorResponse`."""
    kind = "Sender" if fault.is_sender else "Receiver"
    body = (
        f"<ErrorResponse{namespace(service)}><Error><Type>{kind}</Type>"
        f"<Code>{text(fault.code)}</Code><Message>{text(fault.message)}</Message></Error>"
        f"<RequestId>{text(request_id)}</RequestId></ErrorResponse>"
    )
    return xml_response(fault.status, body, request_id)


def namespace(service: ServiceModel | None) -> str:
    """Give the xmlns attribute of a service's documents."""
    uri = None if service is None else service.metadata.get("xmlNamespace")
    return "" if uri is None else f' xmlns="{attribute(uri)}"'


def xml_response(status: int, body: str, request_id: str) -> HttpResponse:
    """Answer with an XML document."""
    headers = [("x-amzn-RequestId", request_id), ("Content-Type", "text/xml;charset=utf-8")]
    return HttpResponse(status, headers, body.encode("utf-8"))


def _result(operation: OperationModel) -> Write:
    """Compile what writes an output's members, inside the `resultWrapper` if there is one."""
    shape = operation.output_shape
    if shape is None:
        return lambda _output, _out: None
    wrapper = shape.serialization.get("resultWrapper")
    content = XmlWriters().content(shape)
    if wrapper is None:
        return content

    def write(output: Params, out: list[str]) -> None:
        out.append(f"<{wrapper}>")
        content(output, out)
        out.append(f"</{wrapper}>")

    return write
