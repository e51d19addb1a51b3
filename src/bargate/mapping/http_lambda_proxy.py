"""Lambda integrations of HTTP APIs, payload formats 1.0 and 2.0.

AWS [D] http-api-develop-integrations-lambda and [R] recorded answers: what a function says without
a statusCode is an answer of its own in format 2.0, and none in 1.0; what is not known is ignored.
Parameter mappings change what the event tells, and what the client is answered.
"""

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedRoute
from bargate.access.guarded_place import route_place
from bargate.access.paths import has_dot_segment
from bargate.access.verdict import Denial
from bargate.mapping.expressions import UnreadableBody
from bargate.mapping.function_outcomes import failed, malformed, refused, too_large
from bargate.mapping.function_uri import Invoked
from bargate.mapping.headers import HOP_BY_HOP, PassedNames, passed_names
from bargate.mapping.http_api_parameters import (
    RequestChanges,
    ResponseChanges,
    compile_request_changes,
    compile_response_changes,
)
from bargate.mapping.http_api_proxy import route_integration_path
from bargate.mapping.http_lambda_event import Events10, Events20, Sent, compile_events
from bargate.mapping.http_proxy import unreadable_body
from bargate.mapping.integration_settings import MAX_HTTP_TIMEOUT_MS, checked_timeout_s
from bargate.mapping.lambda_function import route_function
from bargate.mapping.lambda_response import (
    MalformedResponse,
    body_of,
    check_headers,
    check_size,
    cookies_of,
    has_header,
    headers_of,
    read_leniently,
    status_of,
)
from bargate.mapping.plan import Response
from bargate.mapping.targets import unsafe_path
from bargate.mapping.unsupported import UnsupportedPlan
from bargate.model.http_api import HttpIntegration
from bargate.model.invocation import (
    MAX_PAYLOAD_BYTES,
    Errored,
    Invocation,
    Outcome,
    Refused,
)

_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")  # [O], and safe to show
_DROPPED = HOP_BY_HOP | {b"content-length", b"date", b"apigw-requestid"}


class _Probe(Struct, rename="camel"):
    """Whether an answer of format 2.0 is a response, or the fault that a runtime would tell."""

    status_code: msgspec.Raw | UnsetType = UNSET
    error_message: msgspec.Raw | UnsetType = UNSET


_probe = msgspec.json.Decoder(_Probe)
_anything = msgspec.json.Decoder()


class HttpLambdaPlan:
    """The plan of one route at one stage."""

    __slots__ = (
        "_answers",
        "_changes",
        "_events",
        "_infers",
        "_invoked",
        "_passed",
        "_prefix",
        "_timeout_s",
    )

    def __init__(
        self, guarded: GuardedRoute, integration: HttpIntegration, invoked: Invoked
    ) -> None:
        place = route_place(guarded)
        self._invoked = invoked
        self._infers = integration.payload_format_version == "2.0"
        self._events: Events10 | Events20 = compile_events(
            guarded, place, integration.payload_format_version
        )
        self._prefix = "" if place.stage == "$default" else f"/{place.stage}"
        self._passed: PassedNames = passed_names(frozenset(), _DROPPED)
        self._timeout_s = checked_timeout_s(
            integration.timeout_ms,
            MAX_HTTP_TIMEOUT_MS,
            route_integration_path(guarded, "timeoutInMillis"),
        )
        self._changes: RequestChanges = compile_request_changes(
            integration.request_parameters,
            place,
            route_integration_path(guarded, "requestParameters"),
        )
        self._answers: ResponseChanges = compile_response_changes(
            integration.response_parameters,
            place,
            route_integration_path(guarded, "responseParameters"),
        )

    def request(self, call: Call, facts: Facts) -> Invocation | Denial:
        """Build the event."""
        if len(call.body) > MAX_PAYLOAD_BYTES:
            return too_large()
        try:
            sent = self._sent(call, facts)
        except UnreadableBody as error:
            return unreadable_body(error)
        if self._changes.path is not None and has_dot_segment(sent.path):
            return unsafe_path()
        payload = self._events.encoded(call, facts, sent)
        if len(payload) > MAX_PAYLOAD_BYTES:
            return too_large()
        return Invocation(
            function=self._invoked.function,
            payload=payload,
            invoker=self._invoked.invoker(call),
            timeout_s=self._timeout_s,
        )

    def answered(self, call: Call, facts: Facts, outcome: Outcome) -> Response | Denial:
        """Pass the function's answer on, with the response mappings of its status."""
        if isinstance(outcome, Refused):
            return refused(outcome, "HTTP")
        if isinstance(outcome, Errored):
            return failed(outcome, "HTTP")
        try:
            answer = self._response(outcome.payload)
        except MalformedResponse as error:
            return malformed(str(error), "HTTP")
        if self._answers.any:
            status, headers = self._answers.apply(
                call, facts, answer.status, answer.headers, answer.body
            )
            return Response(status, headers, answer.body)
        return answer

    def _sent(self, call: Call, facts: Facts) -> Sent:
        changes = self._changes
        path = changes.path
        return Sent(
            changes.headers(call.headers, call, facts) if changes.header_changes else call.headers,
            changes.query(call.query, call, facts) if changes.query_changes else call.query,
            self._prefix + call.resource_path if path is None else path(call, facts),
        )

    def _response(self, payload: bytes) -> Response:
        if self._infers:
            check_size(payload)
            inferred = _inferred(payload)
            if inferred is not None:
                return Response(200, [_JSON], inferred)
        answer = read_leniently(payload)
        if answer.status_code is None:
            raise MalformedResponse("it has no statusCode")  # AWS [R]
        status = status_of(answer.status_code)
        multi = None if self._infers else answer.multi_value_headers  # AWS [D]: not in 2.0
        headers = headers_of(answer.headers, multi, self._passed)
        if self._infers:
            headers += cookies_of(answer.cookies)
        check_headers(headers)
        body = body_of(answer.body, is_base64=bool(answer.is_base64_encoded))
        if body and not has_header(headers, b"content-type"):
            headers.append(_TEXT)
        return Response(status, headers, body)


def _inferred(payload: bytes) -> bytes | None:
    """Give the body that an answer without statusCode is; None for one that has it (AWS [D]).

    A text is its characters, all else its JSON. AWS [R]: an `errorMessage` is a fault, though it
    was returned.
    """
    try:
        if payload.lstrip(b" \t\r\n")[:1] != b"{":
            value: Any = _anything.decode(payload)
            return value.encode("utf-8", "replace") if isinstance(value, str) else payload
        probed = _probe.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedResponse("it is not JSON") from error
    if not isinstance(probed.status_code, UnsetType):
        return None
    if not isinstance(probed.error_message, UnsetType):
        raise MalformedResponse("it is an errorMessage")
    return payload


def compile_http_lambda(
    guarded: GuardedRoute, integration: HttpIntegration
) -> HttpLambdaPlan | UnsupportedPlan:
    """Compile a Lambda integration of a route. Raises InvalidConfiguration."""
    invoked = route_function(guarded, integration)
    if isinstance(invoked, UnsupportedPlan):
        return invoked
    return HttpLambdaPlan(guarded, integration, invoked)
