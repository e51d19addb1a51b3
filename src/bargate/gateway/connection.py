"""One client connection: requests in, strictly one after the other; responses out.

    IDLE ──head──► BUSY ──read_body──► BODY ──whole──► BUSY ──exchange_done──► IDLE
                    │                                             ├──► DISCARD (unread body) ─► IDLE
                    └── BadRequest ─► LINGER ─► closed            └──► LINGER or closed

At most one request is ever parsed. What a client pipelines behind it stays bytes in `_pending`,
read from `_pending_at` on and counted in the memory budget. Reading pauses while whole requests
may wait there: when the client does not read its answers, when it had its turn, and, once
`_READ_AHEAD_BYTES` wait, while a backend is slow. So one connection holds two reads at most.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, cast

from bargate.access.arrival import DIRECT
from bargate.gateway import denials
from bargate.gateway.arrivals import local_address
from bargate.gateway.chunked import BadChunk, ChunkedBody
from bargate.gateway.client_proof import NotProven, read_proof
from bargate.gateway.exchange import Exchange
from bargate.gateway.framing import CLOSE, content_length, response_head
from bargate.gateway.head import HeadReader
from bargate.gateway.request_line import BadRequest

if TYPE_CHECKING:
    from bargate.access.verdict import Denial
    from bargate.gateway.client_proof import Proof
    from bargate.gateway.context import WorkerContext
    from bargate.gateway.head import RequestHead
    from bargate.gateway.tls_names import TlsName

_log = logging.getLogger("bargate.worker")
_IDLE, _BUSY, _BODY, _DISCARD, _LINGER, _CLOSED = range(6)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TURN = 32
_READ_AHEAD_BYTES = 64 * 1024


class ClientConnection(asyncio.Protocol):
    """The HTTP/1.1 server side of one connection."""

    __slots__ = (
        "_address",
        "_body",
        "_body_mark",
        "_charged_bytes",
        "_chunked",
        "_context",
        "_discarded_bytes",
        "_exchange",
        "_head",
        "_held_bytes",
        "_is_advancing",
        "_is_draining",
        "_is_head_begun",
        "_is_head_timed",
        "_is_reading_paused",
        "_is_used",
        "_keep_alive",
        "_pending",
        "_pending_at",
        "_proof",
        "_reader",
        "_saw_eof",
        "_state",
        "_tls",
        "_transport",
        "_unread_bytes",
        "arrival",
        "is_write_paused",
        "secure",
        "source_ip",
    )

    def __init__(self, context: WorkerContext, tls: TlsName | None = None) -> None:
        self._context = context
        self._tls = tls
        self._proof: Proof | None = None
        self._reader = HeadReader(context.limits)
        self._state = _IDLE
        self._pending = b""  # empty as soon as all of it is used
        self._pending_at = 0
        self._held_bytes = 0  # of the budget, for `_pending`
        self._exchange: Exchange | None = None
        self._head: RequestHead | None = None
        self._body: bytearray | None = None
        self._chunked: ChunkedBody | None = None
        self._body_mark = 0
        self._unread_bytes = 0  # of the request body; -1 when its length is unknown
        self._discarded_bytes = 0
        self._charged_bytes = 0
        self._keep_alive = True
        self._is_advancing = False
        self._is_draining = False
        self._is_head_begun = False
        self._is_head_timed = True  # from connection_made on
        self._is_used = False
        self._is_reading_paused = False
        self._saw_eof = False
        self.is_write_paused = False
        self.secure = False
        self.source_ip = ""
        self._address = ""
        self.arrival = DIRECT

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request, or refuse one connection too many."""
        self._transport = cast("asyncio.Transport", transport)
        context = self._context
        peer = transport.get_extra_info("peername")
        self.source_ip = str(peer[0]).removeprefix("::ffff:") if peer else ""
        self._address = local_address(transport)
        is_proven = self._prove(transport)
        self.see_arrival()
        self.secure = transport.get_extra_info("sslcontext") is not None
        self._transport.set_write_buffer_limits(high=context.limits.write_high_water_bytes)
        full = len(context.connections) >= context.limits.connections_max
        context.connections.add(self)
        if not is_proven:
            self.abort()
        elif full:
            self._refuse(BadRequest(503, "too many connections"))
        else:
            context.header.start(self)
            context.keep_alive.start(self)

    def _prove(self, transport: asyncio.BaseTransport) -> bool:
        """Read who the client proved to be; False when that is not enough, which is logged."""
        if self._tls is None:
            return True
        try:
            self._proof = read_proof(transport, self._tls)
        except NotProven as error:
            _log.warning("TLS for %s from %s: %s", self._tls.name, self.source_ip, error)
            return False
        return True

    def see_arrival(self) -> None:
        """Take the door for what it is now; a connection through one that is gone ends.

        INVARIANT: the local address of the accepted socket says which door it is, nothing that a
        client sent.
        """
        arrival = self._context.arrivals.at(self._address)
        if self._proof is not None:
            arrival = self._proof.of(arrival)
        was, self.arrival = self.arrival.vpc_endpoint_id, arrival
        if was and was != arrival.vpc_endpoint_id:
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes for whatever the connection is doing."""
        state = self._state
        if state == _IDLE:
            if self._pending:
                self._append(data)
            else:
                self._pending = data
            if not self._is_advancing:
                self._advance()
        elif state == _BODY:
            self._take_body(data, 0)
        elif state == _BUSY:
            self._append(data)
            self._pause_reading()
        elif state == _DISCARD:
            self._discard(data, 0)
        elif state == _LINGER:
            self._discarded_bytes += len(data)
            if self._discarded_bytes > self._context.limits.discard_max_bytes:
                self.abort()

    def eof_received(self) -> bool:
        """Let a half-closed client read its answers; anything unfinished ends here."""
        self._saw_eof = True
        if self._state == _BUSY and not self.secure:
            return True
        if self._state == _IDLE and self._is_advancing:
            return True
        if self._exchange is not None:
            self._transport.abort()
        return self._state == _IDLE and bool(self._pending) and self.is_write_paused

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection, and end its call."""
        context = self._context
        self._state = _CLOSED
        self._take_pending()
        self._hold_pending()
        context.connections.discard(self)
        if not context.connections:
            context.emptied.set()
        for queue in (
            context.header,
            context.body,
            context.keep_alive,
            context.linger,
            context.write_stall,
        ):
            queue.stop(self)
        self._release()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.client_gone()

    def pause_writing(self) -> None:
        """Stop the backend: the client reads slowly, and what it left unread is accounted for."""
        self.is_write_paused = True
        context = self._context
        context.write_stall.start(self)
        held = self._transport.get_write_buffer_size()
        if context.budget.reserve(held):
            self._charged_bytes += held
        else:
            self.abort()
        if self._exchange is not None:
            self._exchange.pause()

    def resume_writing(self) -> None:
        """Let the backend, or the next pipelined request, go on."""
        self.is_write_paused = False
        if self._state != _CLOSED:
            self._context.write_stall.stop(self)
        self._release()
        if self._exchange is not None:
            self._exchange.resume()
        elif self._state == _IDLE and not self._is_advancing:
            self._advance()

    # what the exchange calls

    def write(self, data: bytes) -> None:
        """Send `data`."""
        if self._state != _CLOSED:
            self._transport.write(data)

    def abort(self) -> None:
        """Break the connection off, so that the client cannot take what it has for the whole."""
        self._keep_alive = False
        self._transport.abort()

    def keeps_alive(self, *, framed: bool = True) -> bool:
        """Decide, for the response that is being written, whether the connection lives on."""
        head = self._head
        assert head is not None  # noqa: S101 - an exchange is under way
        keep = framed and head.keep_alive and not self._is_draining
        unread = self._unread_bytes
        if unread and keep:
            within = 0 < unread <= self._context.limits.discard_max_bytes
            keep = within and not head.expects_continue
        self._keep_alive = keep
        return keep

    def read_body(self) -> None:
        """Read the body of the request whose head was decided, then tell the exchange."""
        head, exchange = self._head, self._exchange
        assert head is not None  # noqa: S101 - an exchange is under way
        assert exchange is not None  # noqa: S101 - it calls
        if not self._unread_bytes:
            exchange.body_arrived(b"")
            return
        self._state = _BODY
        self._body = bytearray()
        self._chunked = ChunkedBody() if head.is_chunked else None
        self._body_mark = 0
        if head.expects_continue and not self._pending:
            self.write(_CONTINUE)
        self._context.body.start(self)
        if self._pending:
            self._take_body(*self._take_pending())
        if self._state == _BODY:
            self._resume_reading()

    def exchange_done(self) -> None:
        """Go on to the next request, or end the connection."""
        self._exchange = None
        if self._state == _CLOSED:
            return
        if self._body is not None:  # the call ended before its body was whole
            self._context.body.stop(self)
            self._body = self._chunked = None
        if not self._keep_alive:
            self._close(linger=bool(self._unread_bytes or self._pending))
        elif self._unread_bytes:
            self._state = _DISCARD
            self._context.header.start(self)
            self._discard(*self._take_pending())
            if self._state == _DISCARD:
                self._resume_reading()
        else:
            self._await_request()

    # what the server and the deadlines call

    def drain(self) -> None:
        """Finish the request in flight, if any, and close."""
        self._is_draining = True
        if self._state == _IDLE and not self._is_advancing:
            self._close(linger=False)

    def header_timed_out(self) -> None:
        """End a connection whose request head, or discarded body, does not arrive."""
        if self._state == _IDLE and self._is_head_begun:
            self._refuse(BadRequest(408, "the request head did not arrive in time"))
        elif self._state in {_IDLE, _DISCARD}:
            self.abort()

    def body_timed_out(self) -> None:
        """End a request whose body arrives too slowly."""
        if self._state != _BODY or self._exchange is None:
            return
        limits = self._context.limits
        arrived = self._arrived_bytes()
        if arrived - self._body_mark >= limits.body_min_bytes_per_s * limits.body_progress_s:
            self._body_mark = arrived
            self._context.body.start(self)
        else:
            self._end_body(denials.BODY_TOO_SLOW)

    def keep_alive_timed_out(self) -> None:
        """Close a connection that nobody used since the last time.

        So an idle connection lives for once to twice the duration, and a request costs nothing.
        """
        if self._is_used or self._state != _IDLE or self._pending:
            self._is_used = False
            self._context.keep_alive.start(self)
        else:
            self._close(linger=False)

    # Heads.

    def _advance(self) -> None:
        """Take requests out of what has arrived until one of them has to wait."""
        self._is_advancing = True
        turns = _TURN
        while self._pending and self._state == _IDLE and not self.is_write_paused:
            if not turns:
                self._hold_pending()
                self._pause_reading()
                self._context.loop.call_soon(self._advance_again)
                return
            turns -= 1
            if not self._next():
                break
        self._is_advancing = False
        if self._pending or self._held_bytes:
            self._settle_pending()
        if self._state == _IDLE:
            self._settle_reading()

    def _advance_again(self) -> None:
        if self._state == _IDLE:
            self._advance()
        else:
            self._is_advancing = False

    def _settle_reading(self) -> None:
        """Read on, or close, now that no call is under way."""
        if (self._saw_eof and not self.is_write_paused) or (
            self._is_draining and not self._is_head_begun
        ):
            self._close(linger=False)
        elif self._is_reading_paused and not self.is_write_paused:
            self._resume_reading()

    def _next(self) -> bool:
        """Begin the next request; False when its head is not complete."""
        data, at = self._pending, self._pending_at
        if data.startswith(b"\r\n", at):  # RFC 9112 §2.2: one empty line before it is ignored
            at += 2
        end = data.find(b"\r\n\r\n", at) + 4
        try:
            if end < 4:  # noqa: PLR2004 - find gave -1
                self._pending, self._pending_at = data[at:], 0
                self._await_rest(self._pending)
                return False
            if end == len(data):  # nothing is pipelined: the common case
                self._pending, self._pending_at = b"", 0
            else:
                self._pending_at = end
            self._head = head = self._reader.read(data[at:end])
        except BadRequest as error:
            self._refuse(error)
            return False
        if self._is_head_timed:
            self._is_head_begun = self._is_head_timed = False
            self._context.header.stop(self)
        self._unread_bytes = -1 if head.is_chunked else head.content_length
        self._state = _BUSY
        self._exchange = exchange = Exchange(self._context, self, head)
        exchange.start()
        return True

    def _await_rest(self, data: bytes) -> None:
        if not data:
            return
        self._reader.check_partial(data)
        if not self._is_head_begun:
            self._is_head_begun = self._is_head_timed = True
            self._context.header.start(self)

    def _await_request(self) -> None:
        self._state = _IDLE
        self._is_used = True
        if self._is_advancing:
            return
        if self._pending and not self.is_write_paused:
            self._advance()
        else:
            self._settle_reading()

    # Bodies.

    def _arrived_bytes(self) -> int:
        body = self._chunked.body if self._chunked is not None else self._body
        return len(body) if body is not None else 0

    def _take_body(self, data: bytes, at: int) -> None:
        exchange = self._exchange
        assert exchange is not None  # noqa: S101 - the body belongs to it
        before = self._arrived_bytes()
        try:
            end = self._feed(data, at)
        except BadChunk as error:
            self._end_body(denials.body_malformed(str(error)))
            return
        arrived = self._arrived_bytes()
        if arrived > self._context.limits.body_max_bytes:
            self._end_body(denials.body_too_large(self._context.limits.body_max_bytes))
        elif not exchange.charge(arrived - before):
            self._end_body(denials.MEMORY_SPENT)
        elif end is not None:
            self._leave_pending(data, end)
            self._body_is_whole(exchange)

    def _feed(self, data: bytes, at: int) -> int | None:
        """Add `data` from `at` on to the body; give where the body ends in it, None if later."""
        if self._chunked is not None:
            return self._chunked.feed(data, self._context.limits.body_max_bytes, at)
        body = cast("bytearray", self._body)
        end = at + self._unread_bytes
        body += data[at:end]
        if end > len(data):
            self._unread_bytes = end - len(data)
            return None
        self._unread_bytes = 0
        return end

    def _body_is_whole(self, exchange: Exchange) -> None:
        body = bytes(cast("bytearray", self._chunked.body if self._chunked else self._body))
        self._unread_bytes = 0
        self._body = self._chunked = None
        self._state = _BUSY
        self._context.body.stop(self)
        if self._pending or self._held_bytes:
            self._settle_pending()
        exchange.body_arrived(body)

    def _end_body(self, denial: Denial) -> None:
        """Refuse a request in the middle of its body; what follows is never read as a request."""
        exchange = self._exchange
        assert exchange is not None  # noqa: S101 - the body belongs to it
        self._state = _BUSY
        self._unread_bytes = -1
        exchange.refuse(denial)

    def _discard(self, data: bytes, at: int) -> None:
        """Skip an unread body within its declared length, so that the connection may live on."""
        taken = min(len(data) - at, self._unread_bytes)
        self._unread_bytes -= taken
        if self._unread_bytes:
            return
        self._context.header.stop(self)
        self._leave_pending(data, at + taken)
        self._await_request()

    # What waits.

    def _append(self, data: bytes) -> None:
        self._pending = self._pending[self._pending_at :] + data
        self._pending_at = 0
        self._hold_pending()

    def _leave_pending(self, data: bytes, at: int) -> None:
        """Let `data` wait from `at` on: the same bytes, not a copy for each request in them."""
        if at < len(data):
            self._pending, self._pending_at = data, at
        else:
            self._pending, self._pending_at = b"", 0

    def _take_pending(self) -> tuple[bytes, int]:
        taken = self._pending, self._pending_at
        self._pending, self._pending_at = b"", 0
        return taken

    def _settle_pending(self) -> None:
        """Account for what is left, and read no more of it while it may hold whole requests."""
        self._hold_pending()
        waiting_bytes = len(self._pending) - self._pending_at
        if self.is_write_paused or (self._state != _IDLE and waiting_bytes > _READ_AHEAD_BYTES):
            self._pause_reading()

    def _hold_pending(self) -> None:
        """Charge the memory budget for what waits; a client for which none is left is cut off."""
        budget, held_bytes = self._context.budget, self._held_bytes
        size_bytes = len(self._pending)
        if size_bytes > held_bytes and not budget.reserve(size_bytes - held_bytes):
            self._take_pending()
            size_bytes = 0
            self.abort()
        if size_bytes < held_bytes:
            budget.release(held_bytes - size_bytes)
        self._held_bytes = size_bytes

    # Ends.

    def _refuse(self, error: BadRequest) -> None:
        """Answer what is not even a request, and close."""
        context = self._context
        request_id, extended_id = context.ids.draw()
        body = b'{"message":"%b"}' % _MESSAGES.get(error.status, b"Bad Request")
        ours = context.clock.date_line + (
            f"x-amzn-RequestId: {request_id}\r\nx-amz-apigw-id: {extended_id}\r\n"
        ).encode("ascii")
        headers = [(b"Content-Type", b"application/json")]
        head = response_head(error.status, headers, ours + CLOSE, content_length(len(body)))
        self._keep_alive = False
        self.write(head + body)
        context.observer.request_refused(self.source_ip, error.status, error.reason)
        self._close(linger=True)

    def _close(self, *, linger: bool) -> None:
        """End the connection; `linger` reads a little more, so that the answer is not lost.

        Closing a socket that holds unread bytes resets it, and the reset may overtake the answer.
        """
        context = self._context
        context.header.stop(self)
        context.keep_alive.stop(self)
        self._take_pending()
        self._hold_pending()
        context.write_stall.start(self)
        if not linger or self._saw_eof:
            self._state = _CLOSED
            self._transport.close()
            return
        self._state = _LINGER
        self._discarded_bytes = 0
        context.linger.start(self)
        self._resume_reading()
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def _pause_reading(self) -> None:
        if not self._is_reading_paused:
            self._is_reading_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_reading_paused:
            self._is_reading_paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def _release(self) -> None:
        if self._charged_bytes:
            self._context.budget.release(self._charged_bytes)
            self._charged_bytes = 0


_MESSAGES = {
    400: b"Bad Request",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    414: b"Request URI too long",
    417: b"Expectation Failed",
    431: b"Request Header Fields Too Large",
    503: b"Service Unavailable",
}
