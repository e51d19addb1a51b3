"""What one line of the access log says: a JSON object with AWS's `$context` names, or a custom text.

AWS [D] apigw-objects §3 (variables for access logging only) beside those of `mapping.context`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from bargate.access.call import Facts
from bargate.access.verdict import Denial
from bargate.mapping.context import (
    SECRET_VARIABLES,
    Place,
    compile_variable,
    is_known_variable,
    request_time,
)
from bargate.mapping.errors import error_message
from bargate.model.invalid import InvalidConfiguration

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.authorizer_answer import Told
    from bargate.gateway.serving import CallRecord
    from bargate.model.installation import Installation

MAX_FORMAT_CHARACTERS = 3000
_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_:\-]+|\['[^']*'\])*)")
_MAX_VALUE_CHARACTERS = 1024


class _Line(Struct, omit_defaults=True):
    """The default line. `reason` and `detail` are Bargate's own: why the call was refused."""

    request_id: str = field(name="requestId")
    extended_request_id: str = field(name="extendedRequestId")
    request_time: str = field(name="requestTime")
    source_ip: str = field(name="identity.sourceIp")
    http_method: str = field(name="httpMethod")
    path: str
    protocol: str
    status: int
    response_length: int = field(name="responseLength")
    response_latency: float = field(name="responseLatency")
    api_id: str = field(name="apiId", default="")
    stage: str = ""
    resource_path: str = field(name="resourcePath", default="")
    user_agent: str | None = field(name="identity.userAgent", default=None)
    principal_id: str | None = field(name="authorizer.principalId", default=None)
    integration_status: int | None = field(name="integration.status", default=None)
    integration_latency: float | None = field(name="integration.latency", default=None)
    client_certificate: str | None = field(name="integration.clientCertificateId", default=None)
    response_type: str | None = field(name="error.responseType", default=None)
    error_message: str | None = field(name="error.message", default=None)
    reason: str | None = None
    detail: str | None = None


_encode = msgspec.json.Encoder().encode


class JsonFormat:
    """Formats the default line; the formatted second is kept for the calls that share it."""

    __slots__ = ("_second", "_time")

    def __init__(self) -> None:
        self._second = -1
        self._time = ""

    def __call__(self, record: CallRecord) -> bytes:
        """Give the line of a finished call, with its line end."""
        call, denial = record.call, record.denial
        second = int(call.received_at)
        if second != self._second:
            self._second, self._time = second, request_time(call.received_at)
        line = _Line(
            call.request_id,
            call.extended_request_id,
            self._time,
            call.source_ip,
            call.method,
            call.path[:_MAX_VALUE_CHARACTERS],
            call.protocol,
            record.status,
            record.response_bytes,
            round(record.latency_s * 1000, 3),
        )
        if record.stage is not None:
            line.api_id, line.stage = record.stage.api_id, record.stage.name
        if record.endpoint is not None:
            line.resource_path = record.endpoint.resource_path
        agent = call.header.get(b"user-agent")
        if agent is not None:
            line.user_agent = agent[:_MAX_VALUE_CHARACTERS].decode("latin-1")
        if record.facts is not None:
            line.principal_id = record.facts.principal_id
        if record.integration_latency_s is not None:
            line.integration_status = record.integration_status
            line.integration_latency = round(record.integration_latency_s * 1000, 3)
            line.client_certificate = record.client_certificate
        if denial is not None:
            line.response_type = denial.response_type
            line.error_message = _cut(error_message(denial))
            line.reason, line.detail = denial.reason, _cut(denial.detail)
        return _encode(line) + b"\n"


def compile_format(text: str, installation: Installation) -> Callable[[CallRecord], bytes]:
    """Compile a custom format such as `{"id":"$context.requestId"}`.

    Values are escaped as inside a JSON string, so that no client can forge a line; an empty
    variable is `-`, as at AWS. Raises InvalidConfiguration for unknown or secret variables.
    """
    if len(text) > MAX_FORMAT_CHARACTERS or "\n" in text:
        message = f"the format must be one line of at most {MAX_FORMAT_CHARACTERS} characters"
        raise InvalidConfiguration(("--access-log-format",), message)
    pieces = _VARIABLE.split(text)
    literals, names = pieces[::2], pieces[1::2]
    if not names:
        message = "the format names no variable; it needs $context.requestId at least"
        raise InvalidConfiguration(("--access-log-format",), message)
    values = [_variable(name, installation) for name in names]

    def format_line(record: CallRecord) -> bytes:
        line = literals[0]
        for value, literal in zip(values, literals[1:], strict=True):
            line += value(record) + literal
        return f"{line}\n".encode()

    return format_line


def _cut(value: str | None) -> str | None:
    """Give a text of bounded length; one with a client's lone surrogates cannot be encoded."""
    if value is None or (value.isascii() and len(value) <= _MAX_VALUE_CHARACTERS):
        return value
    return value[:_MAX_VALUE_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _message(record: CallRecord) -> str | None:
    return _cut(error_message(record.denial)) if record.denial else None


def _escape(value: str | None) -> str:
    return "-" if value is None or value == "" else json.dumps(value[:_MAX_VALUE_CHARACTERS])[1:-1]


def _variable(name: str, installation: Installation) -> Callable[[CallRecord], str]:
    if name == "error.messageString":  # JSON already, with its quotes
        return lambda record: json.dumps(_message(record)) if record.denial else "-"
    value = _LOG_VARIABLES.get(name) or _request_variable(name, installation)
    return lambda record: _escape(value(record))


def _request_variable(name: str, installation: Installation) -> Callable[[CallRecord], str | None]:
    if name in SECRET_VARIABLES or not is_known_variable(name):
        what = "holds a secret" if name in SECRET_VARIABLES else "is not a variable of access logs"
        raise InvalidConfiguration(("--access-log-format",), f"$context.{name} {what}")
    variable = compile_variable(name)

    def value(record: CallRecord) -> str | None:
        return variable(record.call, record.facts or Facts({}), _place(record, installation))

    return value


def _place(record: CallRecord, installation: Installation) -> Place:
    stage, endpoint = record.stage, record.endpoint
    return Place(
        kind=stage.kind if stage else "REST",
        account_id=stage.account_id if stage else installation.account_id,
        api_id=stage.api_id if stage else "",
        stage=stage.name if stage else "",
        stage_variables={},
        domain_name=stage.domain_name if stage else "",
        resource_id=endpoint.resource_id if endpoint else "",
        resource_path=endpoint.resource_path if endpoint else "",
        route_key=endpoint.route_key if endpoint else "",
        is_canary=stage.is_canary if stage else None,
    )


def _milliseconds(seconds: float | None) -> str | None:
    return None if seconds is None else str(round(seconds * 1000))


def _of_denial(pick: Callable[[Denial], str | None]) -> Callable[[CallRecord], str | None]:
    return lambda record: None if record.denial is None else pick(record.denial)


def _integration_status(record: CallRecord) -> str | None:
    return None if record.integration_status is None else str(record.integration_status)


def _integration_latency(record: CallRecord) -> str | None:
    return _milliseconds(record.integration_latency_s)


def _told(record: CallRecord) -> Told | None:
    return None if record.facts is None else record.facts.authorizer_answer


def _authorizer_error(record: CallRecord) -> str | None:
    """AWS [D] apigw-evaluation §7.2: the reason of a Lambda authorizer's 500."""
    told = _told(record)
    return _cut(told.answer.detail) if told and isinstance(told.answer, Denial) else None


def _authorizer_latency(record: CallRecord) -> str | None:
    told = _told(record)
    return _milliseconds(told.latency_s) if told else None


_LOG_VARIABLES: dict[str, Callable[[CallRecord], str | None]] = {
    "status": lambda record: str(record.status),
    "responseLength": lambda record: str(record.response_bytes),
    "responseLatency": lambda record: _milliseconds(record.latency_s),
    "integration.status": _integration_status,
    "integration.latency": _integration_latency,
    "integrationLatency": _integration_latency,
    "integrationStatus": _integration_status,
    "authorizer.error": _authorizer_error,
    "authorizer.latency": _authorizer_latency,
    "authorizer.integrationLatency": _authorizer_latency,
    "error.message": _of_denial(error_message),
    "error.responseType": _of_denial(lambda denial: denial.response_type),
    "error.validationErrorString": _of_denial(lambda denial: denial.validation_error),
    "error.reason": _of_denial(lambda denial: denial.reason),
    "error.detail": _of_denial(lambda denial: denial.detail),
}
