"""Why a call is answered as it is: the gateway's own steps, told one by one.

    stage, endpoint ──► access.explain ──► the integration's plan ──► ExplainedCall

The text of an explanation never holds a token, key, signature or body.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, structs

from bargate.access.explain import Recorded, explain
from bargate.access.verdict import Denial, Need
from bargate.mapping.function_uri import described
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.invocation import Invocation

if TYPE_CHECKING:
    from bargate.access.call import Call, Facts
    from bargate.mapping.plan import Asked
    from bargate.snapshot.compiled import CompiledStage, Endpoint

Outcome = Literal["allowed", "refused", "undecided"]


class SentResponse(Struct, frozen=True):
    """The response a client reads, as text."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


class ExplainedCall(Struct, frozen=True, kw_only=True):
    """One call, decided step by step.

    `response` is what the client reads from the gateway itself; `upstream` the request line and
    origin that an allowed call is passed on to, or the ARN of the function that it invokes.
    """

    request_id: str
    time: str
    request: str
    source_ip: str
    api: str = ""
    stage: str = ""
    endpoint: str = ""
    steps: tuple[Recorded, ...]
    outcome: Outcome
    reason: str | None = None
    detail: str | None = None
    response: SentResponse | None = None
    upstream: str | None = None


def explain_unresolved(call: Call, denial: Denial, response: Response | None) -> ExplainedCall:
    """Tell of a call whose host and path name no API or stage."""
    step = Recorded("API and stage", "refused", f"{denial.detail} [{denial.reason}]")
    return _refused(_outline(call, None, None, (step,)), denial, response)


def explain_preflight(stage: CompiledStage, call: Call, response: Response) -> ExplainedCall:
    """Tell of a CORS preflight that the gateway answers by itself."""
    step = Recorded("CORS preflight", "passed", "answered by the gateway itself")
    outline = _outline(call, stage, None, (_resolved(stage, call), step))
    return structs.replace(outline, outcome="allowed", response=_sent(response))


def explain_call(
    stage: CompiledStage, endpoint: Endpoint | None, call: Call, facts: Facts, denial: Denial | None
) -> tuple[ExplainedCall, Need | None]:
    """Decide a call again and tell every step.

    `denial` is what is known already: that no route matched, or what ended the call when it was
    live. A Need says which key set must be fetched before the outcome is certain.
    """
    steps: tuple[Recorded, ...] = (_resolved(stage, call),)
    if endpoint is None:
        return _unrouted(stage, call, steps, denial or _NO_ROUTE), None
    steps += (Recorded("route", "passed", f"{endpoint.http_method} {endpoint.resource_path}"),)
    decided = explain(endpoint.controls, call, facts)
    outline = _outline(call, stage, endpoint, steps + decided.steps)
    if isinstance(decided.outcome, Need):
        return outline, decided.outcome
    if decided.outcome is not None:
        response = _rendered(stage, endpoint, call, facts, decided.outcome)
        return _refused(outline, decided.outcome, response), None
    planned = endpoint.ask(call, facts)
    ended = planned if isinstance(planned, Denial) else denial
    if ended is not None:
        step = Recorded("integration", "refused", f"{ended.detail} [{ended.reason}]")
        response = _rendered(stage, endpoint, call, facts, ended)
        return _refused(_with_step(outline, step), ended, response), None
    return _allowed(outline, planned), None


_NO_ROUTE = Denial(
    response_type="RESOURCE_NOT_FOUND", reason="route.unknown", detail="no route matched"
)


def _unrouted(
    stage: CompiledStage, call: Call, steps: tuple[Recorded, ...], denial: Denial
) -> ExplainedCall:
    step = Recorded("route", "refused", f"{denial.detail} [{denial.reason}]")
    response = _rendered(stage, None, call, None, denial)
    return _refused(_outline(call, stage, None, (*steps, step)), denial, response)


def _rendered(
    stage: CompiledStage, endpoint: Endpoint | None, call: Call, facts: Facts | None, denial: Denial
) -> Response:
    """Give the response to a refused call, with its CORS headers."""
    response = stage.refuser.render(call, facts, endpoint, denial)
    if stage.cors is None:
        return response
    return Response(response.status, stage.cors.apply(call, response.headers), response.body)


def _allowed(outline: ExplainedCall, planned: Asked) -> ExplainedCall:
    if isinstance(planned, Response):
        step = Recorded("integration", "passed", "answered by the gateway itself")
        answered = structs.replace(outline, outcome="allowed", response=_sent(planned))
        return _with_step(answered, step)
    if isinstance(planned, Invocation):
        return _invoking(outline, planned)
    assert isinstance(planned, UpstreamRequest)  # noqa: S101  a denial was told before
    origin = planned.origin
    line = planned.head.partition(b"\r\n")[0].decode("latin-1").rpartition(" ")[0]
    path = line.partition("?")[0]  # a query may carry a token
    upstream = f"{path} at {origin.scheme}://{origin.host}:{origin.port}"
    passed = structs.replace(outline, outcome="allowed", upstream=upstream)
    detail = f"passed on: {upstream}"
    if origin.client_certificate is not None:
        detail += f", which is shown the client certificate {origin.client_certificate}"
    return _with_step(passed, Recorded("integration", "passed", detail))


def _invoking(outline: ExplainedCall, invocation: Invocation) -> ExplainedCall:
    allowed = structs.replace(outline, outcome="allowed", upstream=invocation.function)
    how = "queues an event for" if invocation.is_event else "invokes"
    detail = f"{how} {invocation.function} as {described(invocation.invoker)}"
    return _with_step(allowed, Recorded("integration", "passed", detail))


def _resolved(stage: CompiledStage, call: Call) -> Recorded:
    told = f"{stage.api_name}, stage {stage.title}"
    if call.domain_name:
        below = f", base path /{call.base_path}" if call.base_path else ""
        told += f"; by the domain name {call.domain_name}{below}"
    shown = call.arrival.client_certificate
    if shown is not None:
        told += f"; client certificate {shown.subject_dn}, serial {shown.serial_number}"
    return Recorded("API and stage", "passed", told)


def _with_step(outline: ExplainedCall, step: Recorded) -> ExplainedCall:
    return structs.replace(outline, steps=(*outline.steps, step))


def _refused(outline: ExplainedCall, denial: Denial, response: Response | None) -> ExplainedCall:
    return structs.replace(
        outline,
        outcome="refused",
        reason=denial.reason,
        detail=denial.detail,
        response=_sent(response) if response else None,
    )


def _outline(
    call: Call,
    stage: CompiledStage | None,
    endpoint: Endpoint | None,
    steps: tuple[Recorded, ...],
) -> ExplainedCall:
    at = datetime.fromtimestamp(call.received_at, UTC)
    return ExplainedCall(
        request_id=call.request_id,
        time=at.isoformat(timespec="milliseconds"),
        request=f"{call.method} {call.path}",
        source_ip=call.source_ip,
        api=f"{stage.api_name} ({stage.api_id})" if stage else "",
        stage=stage.name if stage else "",
        endpoint=f"{endpoint.http_method} {endpoint.resource_path}" if endpoint else "",
        steps=steps,
        outcome="undecided",
    )


def _sent(response: Response) -> SentResponse:
    headers = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in response.headers)
    return SentResponse(response.status, headers, response.body.decode("utf-8", "replace"))
