"""A function that runs elsewhere: the event is POSTed to its URL, the response is the outcome.

    2xx JSON                                  ──► Returned
    2xx or 502 {"errorType", "errorMessage"}  ──► Errored     AWS's emulator has no other mark [D]
    2xx with X-Amz-Function-Error             ──► Errored     as Lambda's own Invoke has it
    2xx, no JSON                              ──► Errored     the emulator: "Task timed out after …"
    longer than 6 MiB                         ──► Errored     as Lambda has it
    another status, no response               ──► Refused     unavailable
    no response in time                       ──► Errored     as Lambda's own time-out

[D] aws-lambda-runtime-interface-emulator, cmd/aws-lambda-rie/handlers.go and its issues 20, 21, 86.
The emulator runs one event at a time; what it refuses meanwhile is `unavailable`.

Redirects are not followed, certificates are verified, and nothing is sent twice: a function may
have run. What is sent has no secret of ours.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from bargate.functions.runtime_spec import failure
from bargate.functions.url_connection import Connections, NoAnswer, TooLong, target_of
from bargate.model.invocation import Errored, Refused, Returned

if TYPE_CHECKING:
    import ssl

    from bargate.functions.runtime_spec import Event
    from bargate.functions.url_connection import Answer

# AWS [D] Lambda, "Testing Lambda functions with the runtime interface emulator"
EMULATOR_PATH = "/2015-03-31/functions/function/invocations"
_OK, _REDIRECTED, _BAD_GATEWAY = 200, 300, 502
_SHOWN_BYTES = 1000
_VERSION = "$LATEST"


class _ErrorDocument(Struct, frozen=True):
    """What a runtime says of an error."""

    errorType: str  # noqa: N815  as on the wire
    errorMessage: str  # noqa: N815


class UrlFunctions:
    """Sends events to URLs; one for all functions, so that connections are kept between events.

    `tls` verifies certificates; None verifies by the system's authorities.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._connections = Connections(tls)

    async def invoke(
        self, url: str, event: Event, timeout_s: float
    ) -> Returned | Errored | Refused:
        """Run a function once, within `timeout_s`, connecting and waiting in line included."""
        try:
            target = target_of(url, EMULATOR_PATH)
        except ValueError as error:
            return _unavailable(str(error))
        begun = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._connections.post(target, _headers(event), event.payload)
        except TimeoutError:
            text = f"{event.request_id} Task timed out after {timeout_s:.2f} seconds"
            return _errored("Sandbox.Timedout", text, event, begun)
        except TooLong as error:
            return _errored("Function.ResponseSizeTooLarge", str(error), event, begun)
        except NoAnswer as error:
            return _unavailable(str(error))
        return _outcome(answer, event, begun)

    def sweep(self) -> None:
        """Close connections that nobody needed for a while."""
        self._connections.sweep()

    def close(self) -> None:
        """Close every connection."""
        self._connections.close()


def _headers(event: Event) -> dict[str, str]:
    # Ids are made here; a trace id may be a caller's.
    trace_id = event.trace_id if event.trace_id.isascii() and event.trace_id.isprintable() else ""
    traced = {"X-Amzn-Trace-Id": trace_id} if trace_id else {}  # the emulator hands it on
    return {
        "Content-Type": "application/json",
        "X-Amzn-RequestId": event.request_id,
        "User-Agent": "bargate",
        **traced,
    }


def _outcome(answer: Answer, event: Event, begun: float) -> Returned | Errored | Refused:
    is_error = _is_error_document(answer.body)
    if is_error and answer.status == _BAD_GATEWAY:
        return _failed(answer.body, event, begun)
    if not _OK <= answer.status < _REDIRECTED:
        return _unavailable(f"it answered with status {answer.status}")
    if not _is_json(answer.body):
        text = answer.body[:_SHOWN_BYTES].decode("utf-8", "replace") or "an empty response"
        return _errored(
            "Runtime.InvalidResponse", f"The response is not JSON: {text}", event, begun
        )
    if is_error or "x-amz-function-error" in answer.headers:
        return _failed(answer.body, event, begun)
    return Returned(
        payload=answer.body,
        version=_VERSION,
        duration_s=time.monotonic() - begun,
        request_id=event.request_id,
    )


def _is_error_document(body: bytes) -> bool:
    """Say whether a body is what runtimes write of errors; then it is never a success."""
    try:
        msgspec.json.decode(body, type=_ErrorDocument)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return False
    return True


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return False
    return True


def _errored(kind: str, text: str, event: Event, begun: float) -> Errored:
    return _failed(failure(kind, text), event, begun)


def _failed(payload: bytes, event: Event, begun: float) -> Errored:
    return Errored(
        payload=payload,
        version=_VERSION,
        duration_s=time.monotonic() - begun,
        request_id=event.request_id,
    )


def _unavailable(why: str) -> Refused:
    return Refused(reason="unavailable", message=f"The function's URL cannot be used: {why}")
