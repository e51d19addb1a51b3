"""Decide a call: which API, which route, which steps, which answer. Knows nothing of sockets.

    begin:  resolve ─► method override ─► size ─► preflight ─► route ─► head steps ──► None
                │                          │         │           │         │      (body, please)
                ▼                          ▼         ▼           ▼         ├──► Need
             Response                  refused    Response    refused      └──► Response
    finish: (body in) ─► tail steps ─► plan ──► UpstreamRequest | Invocation | Response
                                                               | Need

After a Need was fetched, `resume_head` or `finish` goes on at the step that asked.
Every way out of here is one of those values: an exception in a step, a plan or a refuser is
logged with the request id and answered as the denial `internal`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, TypeAlias

from bargate.access.call import NO_LEDGER, Facts
from bargate.access.verdict import Denial, Need
from bargate.gateway import denials
from bargate.gateway.arrivals import named_by_header
from bargate.gateway.places import Places
from bargate.gateway.request_line import METHODS
from bargate.gateway.unrouted import no_route_rest
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.invocation import Invocation
from bargate.snapshot.compiled import Unresolved

if TYPE_CHECKING:
    from bargate.access.call import Call
    from bargate.access.control import Step
    from bargate.gateway.head import RequestHead
    from bargate.gateway.serving import CallRecord, Snapshot
    from bargate.ledger.counters import Counters
    from bargate.mapping.cors import CompiledCors
    from bargate.mapping.plan import FunctionPlan, Headers, HttpPlan
    from bargate.model import invocation
    from bargate.snapshot.compiled import CompiledStage, Endpoint
    from bargate.snapshot.router import Match

HeadOutcome: TypeAlias = Response | Need | None
Outcome: TypeAlias = UpstreamRequest | Invocation | Response | Need

_log = logging.getLogger("bargate.gateway")

_LAST_RESORT = Response(
    500, [(b"Content-Type", b"application/json")], b'{"message":"Internal server error"}'
)


class Dispatcher:
    """Decides calls by `snapshot`, which may be replaced between any two of them.

    `counters` is what their limits are asked of.

    INVARIANT: a call keeps the stage and endpoint it was routed to, whatever is loaded meanwhile.
    """

    __slots__ = ("_body_max_bytes", "_places", "counters")

    def __init__(self, snapshot: Snapshot, body_max_bytes: int) -> None:
        self._places = Places(snapshot)
        self._body_max_bytes = body_max_bytes
        self.counters: Counters = NO_LEDGER

    def serve(self, snapshot: Snapshot) -> None:
        """Decide by another snapshot from the next call on."""
        self._places = Places(snapshot)

    def begin(self, record: CallRecord, head: RequestHead) -> HeadOutcome:
        """Decide on the head; None asks for the body. Fills in `record` and its call."""
        try:
            arrival, path = record.call.arrival, head.path
            if arrival.vpc_endpoint_id:
                path = named_by_header(head.header, path)
            place = self._places.find(head.host, path, arrival)
            if isinstance(place, Unresolved):
                record.denial = place.denial
                _speak(record, place.kind)
                return place.response
            call = record.call
            record.stage = stage = place.stage
            place.tell(call)
            if stage.kind == "HTTP":
                _speak(record, "HTTP")
            elif b"x-http-method-override" in head.header:
                method = METHODS.get(head.header[b"x-http-method-override"].upper())
                if method is None:
                    return self.refuse(record, denials.BAD_METHOD_OVERRIDE)
                # The signature of a signed call is over what the request line says.
                call.sent_method, call.method = call.method, method
            if head.content_length > self._body_max_bytes:
                return self.refuse(record, denials.body_too_large(self._body_max_bytes))
            matched = place.match(call.method)
            if stage.cors is not None and call.method == "OPTIONS":
                preflight = _preflight(stage.cors, call, matched)
                if preflight is not None:
                    return preflight
            return self._routed(record, stage, matched)
        except Exception:  # noqa: BLE001 - the edge of decisions: a bug denies, and is logged
            return self.fail(record)

    def resume_head(self, record: CallRecord) -> HeadOutcome:
        """Go on with the head steps after a fetch."""
        try:
            return self._run(record, _endpoint(record).head)
        except Exception:  # noqa: BLE001 - as in `begin`
            return self.fail(record)

    def finish(self, record: CallRecord) -> Outcome:
        """Run the tail steps, or go on with them after a fetch, then ask the plan.

        Called when the head is decided and `record.call.body` is whole, also when it is empty.
        """
        try:
            endpoint, facts = record.endpoint, record.facts
            assert endpoint is not None  # noqa: S101 - only routed calls come here
            assert facts is not None  # noqa: S101
            if endpoint.tail:
                verdict = self._run(record, endpoint.tail)
                if verdict is not None:
                    return verdict
            answer = endpoint.ask(record.call, facts)
            if isinstance(answer, UpstreamRequest | Invocation):
                return answer
            if isinstance(answer, Denial):
                return self.refuse(record, answer)
            return _with_cors(_stage(record), record.call, answer)
        except Exception:  # noqa: BLE001 - as in `begin`
            return self.fail(record)

    def refuse(self, record: CallRecord, denial: Denial) -> Response:
        """Answer `denial` in the API's own words."""
        record.denial = denial
        try:
            stage = _stage(record)
            response = stage.refuser.render(record.call, record.facts, record.endpoint, denial)
            return _with_cors(stage, record.call, response)
        except Exception:  # noqa: BLE001 - a refuser's bug is logged; the call stays refused
            _log.exception("request %s: refusing failed", record.call.request_id)
            return _LAST_RESORT

    def fail(self, record: CallRecord) -> Response:
        """Answer an exception that is being handled: logged here, denied as `internal`."""
        _log.exception("request %s: internal", record.call.request_id)
        return self.refuse(record, denials.INTERNAL)

    def map_head(self, record: CallRecord, status: int, headers: Headers) -> tuple[int, Headers]:
        """Map a backend's head for a plan that streams. Raises whatever the plan raises."""
        plan: HttpPlan = record.endpoint.plan  # type: ignore[union-attr,assignment]  # it asked
        status, headers = plan.head(record.call, record.facts, status, headers)  # type: ignore[arg-type]
        cors = record.stage.cors  # type: ignore[union-attr]  # resolved before it was routed
        return status, headers if cors is None else cors.apply(record.call, headers)

    def map_response(
        self, record: CallRecord, status: int, headers: Headers, body: bytes
    ) -> Response:
        """Map a backend's whole answer for a plan that does not stream."""
        plan: HttpPlan = _endpoint(record).plan  # type: ignore[assignment]  # it made the request
        try:
            answer = plan.response(record.call, _facts(record), status, headers, body)
            if isinstance(answer, Denial):
                return self.refuse(record, answer)
            return _with_cors(_stage(record), record.call, answer)
        except Exception:  # noqa: BLE001 - as in `begin`
            return self.fail(record)

    def map_outcome(self, record: CallRecord, outcome: invocation.Outcome) -> Response:
        """Map what became of a function's invocation."""
        try:
            plan: FunctionPlan = _endpoint(record).plan  # type: ignore[assignment]  # it invoked
            answer = plan.answered(record.call, _facts(record), outcome)
            if isinstance(answer, Denial):
                return self.refuse(record, answer)
            return _with_cors(_stage(record), record.call, answer)
        except Exception:  # noqa: BLE001 - as in `begin`
            return self.fail(record)

    def _routed(
        self, record: CallRecord, stage: CompiledStage, matched: Match | None
    ) -> HeadOutcome:
        if matched is None:
            if stage.kind == "REST":
                return self.refuse(record, no_route_rest(record.call.header))
            return self.refuse(record, denials.NO_ROUTE_HTTP)
        record.endpoint = endpoint = matched[0]
        record.facts = Facts(matched[1], counters=self.counters)
        return self._run(record, endpoint.head) if endpoint.head else None

    def _run(self, record: CallRecord, steps: tuple[Step, ...]) -> Response | Need | None:
        call, facts = record.call, _facts(record)
        for index in range(facts.step, len(steps)):
            verdict = steps[index](call, facts)
            if verdict is None:
                continue
            if isinstance(verdict, Need):
                facts.step = index
                return verdict
            return self.refuse(record, verdict)
        # INVARIANT: only a Need leaves `step` behind, so the tail begins at its own first step.
        facts.step = 0
        return None


def _speak(record: CallRecord, kind: Literal["REST", "HTTP"]) -> None:
    """Answer in the words of `kind`; AWS [D]: an HTTP API knows one id, its apigw-requestid."""
    record.kind = kind
    if kind == "HTTP":
        record.call.request_id = record.call.extended_request_id


def _preflight(cors: CompiledCors, call: Call, matched: Match | None) -> Response | None:
    """Answer a preflight, unless a protected `$default` route takes OPTIONS for itself.

    AWS [D] apigw-evaluation §7.
    """
    endpoint = None if matched is None else matched[0]
    if endpoint is not None and endpoint.route_key == "$default":
        return None if endpoint.head or endpoint.tail else cors.preflight(call)
    return cors.preflight(call)


def _with_cors(stage: CompiledStage, call: Call, response: Response) -> Response:
    """Give `response` with the CORS fields; a plan may keep the one it gave, so it stays as is."""
    if stage.cors is None:
        return response
    return Response(response.status, stage.cors.apply(call, response.headers), response.body)


def _stage(record: CallRecord) -> CompiledStage:
    assert record.stage is not None  # noqa: S101 - only resolved calls come here
    return record.stage


def _endpoint(record: CallRecord) -> Endpoint:
    assert record.endpoint is not None  # noqa: S101 - only routed calls come here
    return record.endpoint


def _facts(record: CallRecord) -> Facts:
    assert record.facts is not None  # noqa: S101 - only routed calls come here
    return record.facts
