"""Invoke: the caller's permission was decided before; the host runs the function.

Invoke ──► version found ──► payload checked ──► Invocation (revision) ──► functions host
                                                      ◄── Outcome: the function's answer
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bargate.model.invocation import (
    MAX_EVENT_BYTES,
    MAX_PAYLOAD_BYTES,
    Errored,
    Invocation,
    Permitted,
    Refused,
)
from bargate.services.environment import Environment
from bargate.services.lambda_.errors import invalid
from bargate.services.lambda_.lookup import the_version
from bargate.services.lambda_.names import ref_of
from bargate.services.operation import Later, operation
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.model.invocation import FunctionInvoker, Outcome
    from bargate.services.lambda_.names import FunctionRef
    from bargate.services.operation import OperationCall, Params

# Besides the function's own time-out: a cold start, and the way there and back.
START_S: Final = 15.0
EVENT_S: Final = 10.0
MAX_CONTEXT_BYTES: Final = 3_583  # AWS [D] Invoke
ACCEPTED: Final = 202
NO_CONTENT: Final = 204


@operation()
def invoke(call: OperationCall, request: Params) -> Params | Later:
    """Run a function and give its answer, queue an event for it, or only check that one may."""
    ref = ref_of(call, request)
    is_event = request.get("InvocationType") == "Event"
    invocation = _invocation(call, ref, request, is_event=is_event)
    if request.get("InvocationType") == "DryRun":
        return {"StatusCode": NO_CONTENT}
    invoker = _invoker(call)

    async def work() -> Params:
        return _answer(await invoker(invocation), invocation)

    return Later(work)


@operation()
def invoke_async(call: OperationCall, request: Params) -> Params | Later:
    """Queue an event: what Invoke was before it could (deprecated by AWS)."""
    ref = ref_of(call, request)
    given = {"Payload": request["InvokeArgs"]}
    invocation, invoker = _invocation(call, ref, given, is_event=True), _invoker(call)

    async def work() -> Params:
        _answer(await invoker(invocation), invocation)
        return {"Status": ACCEPTED}

    return Later(work)


def _invocation(
    call: OperationCall, ref: FunctionRef, request: Params, *, is_event: bool
) -> Invocation:
    version = the_version(call, ref)
    if request.get("DurableExecutionName") or request.get("TenantId"):
        raise invalid("Bargate supports neither durable functions nor tenant isolation.")
    return Invocation(
        function=ref.qualified_arn,
        payload=_payload(request.get("Payload") or b"", is_event=is_event),
        invoker=Permitted(),
        is_event=is_event,
        timeout_s=EVENT_S if is_event else version.timeout_s + START_S,
        revision_id=version.revision_id,
        wants_log=request.get("LogType") == "Tail" and not is_event,
        client_context=_client_context(request.get("ClientContext")),
    )


def _payload(payload: bytes, *, is_event: bool) -> bytes:
    """Give the event as JSON; raises AwsError. None at all is an empty object (AWS [O])."""
    most = MAX_EVENT_BYTES if is_event else MAX_PAYLOAD_BYTES
    if len(payload) > most:
        raise _too_large(most)
    if not payload:
        return b"{}"
    try:
        msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        message = f"Could not parse request body into json: {error}"
        raise AwsError("InvalidRequestContentException", message) from error
    return payload


def _client_context(text: str | None) -> str:
    """Give the client's context as JSON text; raises AwsError."""
    if not text:
        return ""
    try:
        context = base64.b64decode(text, validate=True)
        if len(context) > MAX_CONTEXT_BYTES or not isinstance(msgspec.json.decode(context), dict):
            raise ValueError
        return context.decode()
    except (binascii.Error, ValueError, RecursionError, msgspec.DecodeError) as error:
        message = (
            "Client context must be a valid Base64-encoded JSON object of at most"
            f" {MAX_CONTEXT_BYTES} bytes."
        )
        raise AwsError("InvalidRequestContentException", message) from error


def _invoker(call: OperationCall) -> FunctionInvoker:
    environment = call.environment
    invoker = environment.functions if isinstance(environment, Environment) else None
    if invoker is None:
        message = "This endpoint runs no Lambda functions: bargate serve does."
        raise AwsError("ServiceException", message, 500)
    return invoker


def _answer(outcome: Outcome, invocation: Invocation) -> dict[str, Any]:
    if isinstance(outcome, Refused):
        raise _refused(outcome, invocation)
    if invocation.is_event:
        return {"StatusCode": ACCEPTED}
    output: dict[str, Any] = {
        "StatusCode": 200,
        "Payload": outcome.payload,
        "ExecutedVersion": outcome.version,
    }
    if isinstance(outcome, Errored):
        output["FunctionError"] = "Unhandled"
    if invocation.wants_log:
        output["LogResult"] = base64.b64encode(outcome.log).decode("ascii")
    return output


def _refused(outcome: Refused, invocation: Invocation) -> AwsError:
    match outcome.reason:
        case "not_found":
            message = f"Function not found: {invocation.function}"
            return AwsError("ResourceNotFoundException", message)
        case "denied":
            return AwsError("AccessDeniedException", outcome.message, 403)
        case "throttled":
            return AwsError("TooManyRequestsException", "Rate Exceeded.")
        case "too_large":
            return _too_large(MAX_EVENT_BYTES if invocation.is_event else MAX_PAYLOAD_BYTES)
        case "timed_out" | "unavailable":
            return AwsError("ServiceException", outcome.message, 500)


def _too_large(most_bytes: int) -> AwsError:
    message = f"Request must be smaller than {most_bytes} bytes for the InvokeFunction operation"
    return AwsError("RequestTooLargeException", message)
