"""Lambda integrations of REST APIs that are not proxies (`AWS`): templates on both ways.

AWS [D] set-up-lambda-custom-integrations, getting-started-lambda-non-proxy-integration: the event is
the mapped body; the integration response is chosen by the error message of a function that failed,
and is the default one for any other. `X-Amz-Invocation-Type: 'Event'` queues the event and answers
without one of the function's (AWS [D] set-up-lambda-integration-async).
"""

import msgspec

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.guarded_place import rest_place
from bargate.access.verdict import Denial
from bargate.mapping.expressions import Source, UnreadableBody
from bargate.mapping.function_outcomes import malformed, refused, too_large
from bargate.mapping.function_uri import Invoked
from bargate.mapping.http_proxy import unreadable_body
from bargate.mapping.integration_responses import Answer, compile_integration_responses
from bargate.mapping.integration_settings import timeout_s
from bargate.mapping.lambda_function import rest_function
from bargate.mapping.lambda_response import MalformedResponse, check_size
from bargate.mapping.plan import Response
from bargate.mapping.request_parameters import compile_request_parameters
from bargate.mapping.request_templates import compile_request_templates
from bargate.mapping.unsupported import UnsupportedPlan
from bargate.model.invocation import (
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Errored,
    Invocation,
    Outcome,
    Refused,
)
from bargate.model.rest_api import Integration

_INVOCATION_TYPE = b"x-amz-invocation-type"
_EMPTY = b"{}"  # AWS [O]: the event of a call that has no body and no template
_MAX_MESSAGE = 8_192

_any_json = msgspec.json.Decoder(msgspec.Raw)


class _Error(msgspec.Struct, rename="camel"):
    error_message: str | None = None


_error = msgspec.json.Decoder(_Error)


class LambdaCustomPlan:
    """The plan of one method at one stage."""

    __slots__ = ("_invoked", "_requests", "_responses", "_timeout_s", "_type")

    def __init__(self, guarded: GuardedMethod, integration: Integration, invoked: Invoked) -> None:
        place = rest_place(guarded)
        self._invoked = invoked
        self._timeout_s = timeout_s(guarded, integration)
        self._type: Source | None = next(
            (
                source
                for name, source in compile_request_parameters(guarded, place).headers
                if name.lower() == _INVOCATION_TYPE
            ),
            None,
        )
        self._requests = compile_request_templates(guarded, integration, place)
        self._responses = compile_integration_responses(guarded, integration, place)

    def request(self, call: Call, facts: Facts) -> Invocation | Denial:
        """Map the request to an event."""
        mapped = self._requests.map(call, facts)
        if isinstance(mapped, Denial):
            return mapped
        payload = mapped.body if mapped.body.strip() else _EMPTY
        if len(payload) > MAX_PAYLOAD_BYTES:
            return too_large()
        try:
            is_event = self._is_event(call, facts)
            payload.decode("utf-8")  # the decoder below skips over texts
            _any_json.decode(payload)
        except UnreadableBody as error:
            return unreadable_body(error)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            return _not_json(error)
        if is_event and len(payload) > MAX_EVENT_BYTES:
            return too_large()
        return Invocation(
            function=self._invoked.function,
            payload=payload,
            invoker=self._invoked.invoker(call),
            is_event=is_event,
            timeout_s=self._timeout_s,
        )

    def answered(self, call: Call, facts: Facts, outcome: Outcome) -> Response | Denial:
        """Map what the function answered."""
        if isinstance(outcome, Refused):
            return refused(outcome, "REST")
        try:
            check_size(outcome.payload)
        except MalformedResponse as error:
            return malformed(str(error), "REST")
        error_message = _message(outcome.payload) if isinstance(outcome, Errored) else None
        answer = Answer(200, [], outcome.payload, is_function=True, error_message=error_message)
        return self._responses.map(call, facts, answer)

    def _is_event(self, call: Call, facts: Facts) -> bool:
        if self._type is None:
            return False
        return "".join(self._type(call, facts)[-1:]) == "Event"


def compile_lambda_custom(
    guarded: GuardedMethod, integration: Integration
) -> LambdaCustomPlan | UnsupportedPlan:
    """Compile a Lambda integration of a REST method. Raises InvalidConfiguration."""
    invoked = rest_function(guarded, integration)
    if isinstance(invoked, UnsupportedPlan):
        return invoked
    return LambdaCustomPlan(guarded, integration, invoked)


def _not_json(error: Exception) -> Denial:
    """Refuse an event that Lambda would not take (AWS [O]: the message clients see)."""
    return Denial(
        response_type="BAD_REQUEST_BODY",
        reason="integration.event_not_json",
        detail=f"what is mapped for the function is not JSON: {str(error)[:200]}",
        message="Could not parse request body into json",
    )


def _message(payload: bytes) -> str:
    """Give the error message that selection patterns see; one cut where it is very long [I]."""
    try:
        message = _error.decode(payload).error_message
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return ""  # what is no error message matches no pattern but one for anything
    return (message or "")[:_MAX_MESSAGE]
