"""One call in flight: asks the dispatcher, sends upstream, passes the response back.

    start ─► head decided ─► client.read_body ─► body_arrived ─► decided ─► Pools.send
                  │                                                 │   │        │
                  │                                                 │   └► functions ─► _invoked
                  ▼                                                 ▼            ▼
              _answer ◄─────────────────────────────────────────────┴── responded, data, ended
                  └──────────────► _complete ─► observer, client.exchange_done

INVARIANT: `_complete` runs exactly once, whichever way the call ends.
"""

from __future__ import annotations

import asyncio
import logging
from time import monotonic, time
from typing import TYPE_CHECKING

from bargate.access.call import Call
from bargate.access.verdict import Need
from bargate.gateway import denials
from bargate.gateway.framing import (
    CHUNKED,
    CLOSE,
    LAST_CHUNK,
    chunk,
    content_length,
    may_have_body,
    response_head,
)
from bargate.gateway.function_call import invoke
from bargate.gateway.serving import CallRecord
from bargate.mapping.plan import Response, UpstreamRequest
from bargate.model.invocation import Invocation, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.access.verdict import Denial
    from bargate.gateway.connection import ClientConnection
    from bargate.gateway.context import WorkerContext
    from bargate.gateway.deadlines import DeadlineQueue
    from bargate.gateway.dispatch import HeadOutcome
    from bargate.gateway.head import RequestHead
    from bargate.gateway.upstream.backend import Backend
    from bargate.gateway.upstream.sink import Failure
    from bargate.mapping.plan import Headers
    from bargate.model.invocation import Outcome

_log = logging.getLogger("bargate.gateway")
_INTERNAL_ERROR = Response(
    500, [(b"Content-Type", b"application/json")], b'{"message":"Internal server error"}'
)
_NO_FUNCTIONS = Refused(reason="unavailable", message="this gateway runs no functions")


class Exchange:
    """One call between its connection and a backend; the `Sink` of the backend's response."""

    __slots__ = (
        "_charged_bytes",
        "_client",
        "_collected",
        "_context",
        "_deadline",
        "_fetches",
        "_head",
        "_head_sent",
        "_invocation",
        "_is_chunked",
        "_is_over",
        "_is_retried",
        "_mapped",
        "_request",
        "backend",
        "record",
    )

    def __init__(self, context: WorkerContext, client: ClientConnection, head: RequestHead) -> None:
        self._context = context
        self._client = client
        self._head = head
        self.backend: Backend | None = None
        self._request: UpstreamRequest | None = None
        self._invocation: asyncio.Task[None] | None = None
        self._deadline: DeadlineQueue[Exchange] | None = None
        self._collected: bytearray | None = None
        self._mapped: tuple[int, Headers] | None = None
        self._charged_bytes = 0
        self._fetches = 0
        self._head_sent = False
        self._is_chunked = False
        self._is_over = False
        self._is_retried = False
        request_id, extended_id = context.ids.draw()
        call = Call(
            head.method,
            head.path,
            head.path,
            head.query,
            head.headers,
            head.header,
            client.source_ip,
            client.secure,
            "HTTP/1.1",
            time(),
            request_id,
            extended_id,
            arrival=client.arrival,
        )
        self.record = CallRecord(call=call, started_s=monotonic())

    # what the connection calls

    def start(self) -> None:
        """Decide on the head."""
        self._settle_head(self._context.dispatcher.begin(self.record, self._head))

    def charge(self, size_bytes: int) -> bool:
        """Account for bytes held for this call, until it ends; False when memory is spent."""
        if not self._context.budget.reserve(size_bytes):
            return False
        self._charged_bytes += size_bytes
        return True

    def body_arrived(self, body: bytes) -> None:
        """Go on: the whole request body is here."""
        self.record.call.body = body
        self._finish()

    def refuse(self, denial: Denial) -> None:
        """End the call by `denial`."""
        self._drop_upstream()
        self._answer(self._context.dispatcher.refuse(self.record, denial))

    def client_gone(self) -> None:
        """End the call: nobody will read an answer."""
        self._drop_upstream()
        self._complete()

    def pause(self) -> None:
        """Stop reading from the backend: the client reads slowly."""
        if self.backend is not None and self._head_sent:
            self.backend.pause()
            self._stop_deadline()

    def resume(self) -> None:
        """Read on from the backend."""
        if self.backend is not None and self._head_sent:
            self.backend.resume()
            self._start_deadline(self._context.stream_idle)

    def timed_out(self) -> None:
        """End a call whose backend takes too long."""
        self._deadline = None
        if self._head_sent:
            self._break_off(denials.INTEGRATION_TIMEOUT)
        else:
            self.refuse(denials.INTEGRATION_TIMEOUT)

    # decisions

    def _settle_head(self, outcome: HeadOutcome) -> None:
        if outcome is None:
            head = self._head
            if head.content_length or head.is_chunked:
                self._client.read_body()
            else:
                self._finish()
        elif isinstance(outcome, Need):
            self._wait_for(outcome, self._resume_head)
        else:
            self._answer(outcome)

    def _resume_head(self) -> None:
        self._settle_head(self._context.dispatcher.resume_head(self.record))

    def _finish(self) -> None:
        outcome = self._context.dispatcher.finish(self.record)
        if isinstance(outcome, UpstreamRequest):
            self._forward(outcome)
        elif isinstance(outcome, Invocation):
            self._invoke(outcome)
        elif isinstance(outcome, Need):
            self._wait_for(outcome, self._finish)
        else:
            self._answer(outcome)

    def _wait_for(self, need: Need, resume: Callable[[], None]) -> None:
        self._fetches += 1
        if self._fetches > self._context.limits.fetches_per_call:
            self.refuse(denials.UNDECIDED)
            return
        task = asyncio.create_task(self._fetch_then(need, resume))
        self._context.tasks.add(task)
        task.add_done_callback(self._context.tasks.discard)

    async def _fetch_then(self, need: Need, resume: Callable[[], None]) -> None:
        try:
            await self._context.needs.fetch(need)
        except Exception:  # noqa: BLE001 - a bug in fetching denies, and is logged by `fail`
            if not self._is_over:
                self._answer(self._context.dispatcher.fail(self.record))
            return
        if not self._is_over:
            resume()

    def _forward(self, request: UpstreamRequest) -> None:
        head = request.head
        if head.find(b"\r\n\r\n") != len(head) - 4:
            _log.error("request %s: the plan wrote no single head", self.record.call.request_id)
            self.refuse(denials.INTERNAL)
            return
        self._request = request
        context = self._context
        self.record.integration_started_s = monotonic()
        self.record.client_certificate = request.origin.client_certificate
        self._await_integration(request.timeout_s)
        context.pools.send(request, self)

    def _await_integration(self, timeout_s: float) -> None:
        context = self._context
        queue = context.timeouts.get(timeout_s) or context.timeout(timeout_s, Exchange.timed_out)
        self._deadline = queue
        queue.start(self)

    # functions

    def _invoke(self, invocation: Invocation) -> None:
        context = self._context
        functions = context.functions
        if functions is None:
            self._answer(context.dispatcher.map_outcome(self.record, _NO_FUNCTIONS))
            return
        if not self.charge(len(invocation.payload)):
            self.refuse(denials.MEMORY_SPENT)
            return
        self.record.integration_started_s = monotonic()
        self._await_integration(invocation.timeout_s)
        self._invocation = invoke(context, functions, invocation, self._invoked)

    def _invoked(self, status: int | None, outcome: Outcome | None) -> None:
        """Answer the outcome; None is a bug of the invoker's, whose exception is being handled."""
        self._invocation = None
        if self._is_over:
            return
        self._stop_deadline()
        self._integration_answered(status)
        if outcome is None:
            self._answer(self._context.dispatcher.fail(self.record))
        elif not isinstance(outcome, Refused) and not self.charge(len(outcome.payload)):
            self.refuse(denials.MEMORY_SPENT)
        else:
            self._answer(self._context.dispatcher.map_outcome(self.record, outcome))

    # the Sink of the backend's response

    def responded(
        self, status: int, headers: Headers, length: int | None, body: bytes, *, ended: bool
    ) -> None:
        """Take the backend's head: pass it on, or hold it until the body is whole."""
        record = self.record
        self._integration_answered(status)
        endpoint = record.endpoint
        assert endpoint is not None  # noqa: S101 - its plan made the request
        if not endpoint.plan.streams:  # type: ignore[union-attr]  # an HttpPlan, as it made one
            self._mapped = (status, headers)
            self._collected = bytearray()
            self._collect(body)
            if ended and not self._is_over:
                self._map_collected()
            return
        try:
            status, headers = self._context.dispatcher.map_head(record, status, headers)
            sent = self._head_and_body(status, headers, length, body, ended=ended)
        except Exception:  # noqa: BLE001 - a bug in a plan denies, and is logged by `fail`
            self._drop_upstream()
            self._answer(self._context.dispatcher.fail(record))
            return
        self._stream(sent, ended=ended)

    def data(self, body: bytes) -> None:
        """Pass on, or collect, more of the body."""
        if self._collected is not None:
            self._collect(body)
            return
        self.record.response_bytes += len(body)
        self._client.write(chunk(body) if self._is_chunked else body)
        if not self._client.is_write_paused and not self._is_over:
            self._start_deadline(self._context.stream_idle)

    def ended(self) -> None:
        """Finish the response."""
        if self._is_over:
            return
        if self._collected is not None:
            self._map_collected()
            return
        if self._is_chunked:
            self._client.write(LAST_CHUNK)
        self._complete()

    def failed(self, failure: Failure, detail: str) -> None:
        """Answer the failure, or break off a response that has begun."""
        denial = denials.integration_failure(failure, detail)
        if self._head_sent:
            self._break_off(denial)
        else:
            self._integration_answered(None)
            self.refuse(denial)

    def stale(self) -> None:
        """Send once more if that is safe."""
        request = self._request
        assert request is not None  # noqa: S101 - it was sent
        if self._is_retried or not request.retryable:
            self.failed("closed", "the backend closed a kept-alive connection")
            return
        self._is_retried = True
        self._context.pools.send_again(request, self)

    # the response to the client

    def _collect(self, body: bytes) -> None:
        collected = self._collected
        assert collected is not None  # noqa: S101 - set before the first call
        room = self._context.limits.upstream_buffered_max_bytes - len(collected)
        if len(body) > room:
            self.refuse(denials.integration_failure("malformed", "the response is too large"))
        elif not self.charge(len(body)):
            self.refuse(denials.MEMORY_SPENT)
        else:
            collected += body

    def _map_collected(self) -> None:
        assert self._mapped is not None  # noqa: S101 - set with `_collected`
        assert self._collected is not None  # noqa: S101 - only collected bodies come here
        status, headers = self._mapped
        body, self._collected = bytes(self._collected), None
        self._answer(self._context.dispatcher.map_response(self.record, status, headers, body))

    def _head_and_body(
        self, status: int, headers: Headers, length: int | None, body: bytes, *, ended: bool
    ) -> bytes:
        """Give the client's head, and what of the body may follow it."""
        keep_alive = self._client.keeps_alive()
        if not ended or self._head.method == "HEAD" or not may_have_body(status):
            framing, keep_alive, may_follow = self._framing(
                status, length, keep_alive=keep_alive, ended=ended
            )
            body = body if may_follow else b""
        else:
            framing = content_length(len(body))
        head = response_head(status, headers, self._ours(keep_alive=keep_alive), framing)
        record = self.record
        record.status = status
        record.response_bytes = len(body)
        return head + (chunk(body) if self._is_chunked and body else body)

    def _framing(
        self, status: int, length: int | None, *, keep_alive: bool, ended: bool
    ) -> tuple[bytes, bool, bool]:
        """Give the framing, whether the connection lives on, and whether a body follows."""
        has_body = may_have_body(status)
        if self._head.method == "HEAD" or not has_body:
            if not ended:
                self._drop_upstream()
            has_length = length is not None and self._head.method == "HEAD" and has_body
            return content_length(length or 0) if has_length else b"", keep_alive, False
        if length is not None:
            return content_length(length), keep_alive, True
        if self._head.is_http_10:
            return b"", self._client.keeps_alive(framed=False), True
        self._is_chunked = True
        return CHUNKED, keep_alive, True

    def _stream(self, sent: bytes, *, ended: bool) -> None:
        self._head_sent = True
        self._client.write(sent)
        if ended or self.backend is None:
            self._complete()
        elif self._client.is_write_paused:
            self._stop_deadline()
            self.backend.pause()
        else:
            self._start_deadline(self._context.stream_idle)

    def _answer(self, response: Response) -> None:
        """Send a whole response and end the call."""
        try:
            self._client.write(self._render(response))
        except Exception:  # noqa: BLE001 - logged below; the client must get an answer
            # A field with a line break, or of a wrong type: a bug of whoever made the response.
            _log.exception("request %s: unsendable response", self.record.call.request_id)
            self.record.denial = denials.INTERNAL
            self._client.write(self._render(_INTERNAL_ERROR))
        self._head_sent = True
        self._complete()

    def _render(self, response: Response) -> bytes:
        status, body = response.status, response.body
        framing = content_length(len(body))
        if not may_have_body(status):
            framing, body = b"", b""
        elif self._head.method == "HEAD":
            body = b""
        ours = self._ours(keep_alive=self._client.keeps_alive())
        head = response_head(status, response.headers, ours, framing)
        self.record.status = status
        self.record.response_bytes = len(body)
        return head + body

    def _ours(self, *, keep_alive: bool) -> bytes:
        """Give the fields that only the gateway writes.

        AWS [R] apigw-errors §1 (REST) and §4 (HTTP API).
        """
        record = self.record
        call = record.call
        date = self._context.clock.date_line
        if record.kind == "HTTP":
            ids = f"apigw-requestid: {call.request_id}\r\n"
        else:
            ids = (
                f"x-amzn-RequestId: {call.request_id}\r\n"
                f"x-amz-apigw-id: {call.extended_request_id}\r\n"
            )
        ours = date + ids.encode("ascii")
        return ours if keep_alive else ours + CLOSE

    # ends

    def _break_off(self, denial: Denial) -> None:
        """Never complete a truncated response: the client must see that it is broken."""
        self.record.denial = denial
        self._drop_upstream()
        self._client.abort()
        self._complete()

    def _drop_upstream(self) -> None:
        invocation, self._invocation = self._invocation, None
        if invocation is not None:
            invocation.cancel()
        backend, self.backend = self.backend, None
        if backend is not None:
            backend.abandon()
        elif self._request is not None:
            self._context.pools.cancel(self._request, self)

    def _complete(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._deadline is not None:
            self._deadline.stop(self)
            self._deadline = None
        if self._charged_bytes:
            self._context.budget.release(self._charged_bytes)
        record = self.record
        record.latency_s = monotonic() - record.started_s
        try:
            self._context.observer.call_done(record)
        except Exception:  # noqa: BLE001 - an observer's bug is logged, and is not the client's
            _log.exception("request %s: not observed", record.call.request_id)
        self._client.exchange_done()

    def _integration_answered(self, status: int | None) -> None:
        record = self.record
        record.integration_status = status
        if record.integration_started_s is not None:
            record.integration_latency_s = monotonic() - record.integration_started_s

    def _start_deadline(self, queue: DeadlineQueue[Exchange]) -> None:
        if self._deadline is not None and self._deadline is not queue:
            self._deadline.stop(self)
        self._deadline = queue
        queue.start(self)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.stop(self)
            self._deadline = None
