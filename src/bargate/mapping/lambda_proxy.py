"""Lambda proxy integrations of REST APIs (`AWS_PROXY`): the request as an event, the answer as it is.

AWS [D] set-up-lambda-proxy-integrations, [R] apigw-errors §1. AWS [R]: `requestParameters` change
nothing of the event, and the integration's method must be POST.
"""

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.guarded_place import rest_place
from bargate.access.verdict import Denial
from bargate.mapping.context import trace_id
from bargate.mapping.function_outcomes import failed, malformed, refused, too_large
from bargate.mapping.function_uri import Invoked
from bargate.mapping.headers import HOP_BY_HOP, REMAPPED_FROM_HTTP, passed_names
from bargate.mapping.integration_settings import timeout_s
from bargate.mapping.lambda_function import rest_function
from bargate.mapping.lambda_proxy_event import ProxyEvents
from bargate.mapping.lambda_response import (
    MalformedResponse,
    body_of,
    check_headers,
    has_header,
    headers_of,
    read_strictly,
    status_of,
)
from bargate.mapping.media_types import compile_binary_test
from bargate.mapping.plan import Response
from bargate.mapping.unsupported import UnsupportedPlan
from bargate.model.invocation import (
    MAX_PAYLOAD_BYTES,
    Errored,
    Invocation,
    Outcome,
    Refused,
)
from bargate.model.rest_api import Integration

_JSON = (b"Content-Type", b"application/json")  # AWS [R]: where the function says nothing
_TRACE = b"X-Amzn-Trace-Id"
_DROPPED = HOP_BY_HOP | {_TRACE.lower()}
_OK = 200


class LambdaProxyPlan:
    """The plan of one method at one stage."""

    __slots__ = ("_events", "_invoked", "_is_binary", "_passed", "_timeout_s")

    def __init__(self, guarded: GuardedMethod, integration: Integration, invoked: Invoked) -> None:
        self._invoked = invoked
        self._events = ProxyEvents(guarded, rest_place(guarded))
        self._is_binary = compile_binary_test(guarded.api.binary_media_types)
        self._passed = passed_names(REMAPPED_FROM_HTTP, _DROPPED)
        self._timeout_s = timeout_s(guarded, integration)

    def request(self, call: Call, facts: Facts) -> Invocation | Denial:
        """Build the event."""
        if len(call.body) > MAX_PAYLOAD_BYTES:
            return too_large()
        payload = self._events.encoded(call, facts)
        if len(payload) > MAX_PAYLOAD_BYTES:
            return too_large()
        return Invocation(
            function=self._invoked.function,
            payload=payload,
            invoker=self._invoked.invoker(call),
            timeout_s=self._timeout_s,
        )

    def answered(self, call: Call, facts: Facts, outcome: Outcome) -> Response | Denial:  # noqa: ARG002 - the protocol's
        """Pass the function's answer on."""
        if isinstance(outcome, Refused):
            return refused(outcome, "REST")
        if isinstance(outcome, Errored):
            return failed(outcome, "REST")
        try:
            return self._response(call, outcome.payload)
        except MalformedResponse as error:
            return malformed(str(error), "REST")

    def _response(self, call: Call, payload: bytes) -> Response:
        answer = read_strictly(payload)
        status = _OK if answer.status_code is None else status_of(answer.status_code)  # AWS [R]
        headers = headers_of(answer.headers, answer.multi_value_headers, self._passed)
        check_headers(headers)
        if not has_header(headers, b"content-type"):
            headers.append(_JSON)
        headers.append((_TRACE, trace_id(call).encode("latin-1")))
        # AWS [D] lambda-proxy-binary-media: by the first type that the client accepts.
        decodes = answer.is_base64_encoded and self._is_binary(call.text(b"accept") or "*/*")
        return Response(status, headers, body_of(answer.body, is_base64=bool(decodes)))


def compile_lambda_proxy(
    guarded: GuardedMethod, integration: Integration
) -> LambdaProxyPlan | UnsupportedPlan:
    """Compile a Lambda proxy integration of a REST method. Raises InvalidConfiguration."""
    invoked = rest_function(guarded, integration)
    if isinstance(invoked, UnsupportedPlan):
        return invoked
    return LambdaProxyPlan(guarded, integration, invoked)
