"""One connection to a backend: writes a request, reads the response strictly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httptools

from bargate.gateway.upstream.known_heads import KNOWN_MAX_BYTES
from bargate.mapping.headers import HOP_BY_HOP

if TYPE_CHECKING:
    from bargate.gateway.limits import Limits
    from bargate.gateway.upstream.known_heads import KnownHead, KnownHeads
    from bargate.gateway.upstream.pool import Pool
    from bargate.gateway.upstream.sink import Failure, Sink
    from bargate.mapping.plan import Headers, UpstreamRequest

_FINAL = 200
_SHORTEST_HEAD = len(b"HTTP/1.1 200\r\n\r\n")
_KEPT_BY_NAME = frozenset({b"close", b"keep-alive"})


class _Unasked(Exception):
    """More arrived than the one response that was asked for."""


class Backend(asyncio.Protocol):
    """A connection that serves one request at a time, again and again.

    A response is delivered in as few calls as its bytes arrived in. Whatever is not exactly one
    HTTP/1.x response per request makes the connection unusable afterwards.
    """

    __slots__ = (
        "_body",
        "_complete",
        "_delivered",
        "_fault",
        "_framed",
        "_has_head",
        "_head_bytes",
        "_headers",
        "_is_head_request",
        "_keep_alive",
        "_known",
        "_length",
        "_limits",
        "_named",
        "_parser",
        "_paused",
        "_pool",
        "_sink",
        "_status",
        "_transport",
        "expires_s",
        "idle_since_s",
        "is_reused",
    )

    _headers: Headers
    _status: int
    _head_bytes: int
    _has_head: bool
    _complete: bool
    _delivered: bool
    _keep_alive: bool
    _fault: str | None
    _length: int | None
    _framed: bool
    _named: bytes | None

    def __init__(self, pool: Pool, limits: Limits, expires_s: float, known: KnownHeads) -> None:
        self._pool = pool
        self._known = known
        self._limits = limits
        self._sink: Sink | None = None
        self._transport: asyncio.Transport | None = None
        self.expires_s = expires_s
        self.idle_since_s = 0.0
        self.is_reused = False
        self._paused = False
        self._body: list[bytes] = []
        self._is_head_request = False
        self._reset()
        self._parser = httptools.HttpResponseParser(self)

    @property
    def is_open(self) -> bool:
        """Say whether the connection can still be written to."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: UpstreamRequest, sink: Sink) -> None:
        """Write `request`; its response goes to `sink`."""
        assert self._transport is not None  # noqa: S101 - given by the pool after connecting
        self._sink = sink
        sink.backend = self
        self._is_head_request = request.method == b"HEAD"
        if request.body:
            self._transport.writelines((request.head, request.body))
        else:
            self._transport.write(request.head)

    def abandon(self) -> None:
        """Close at once: the response is not wanted any more."""
        self._close()

    def pause(self) -> None:
        """Stop reading the response for now."""
        if self.is_open and not self._paused:
            self._paused = True
            cast("asyncio.Transport", self._transport).pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self.is_open and self._paused:
            self._paused = False
            cast("asyncio.Transport", self._transport).resume_reading()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, and deliver it."""
        sink = self._sink
        if sink is None:
            self._close()  # nobody asked: the next response would be somebody else's
            return
        end = 0
        if not self._head_bytes:
            if not data.startswith(b"HTTP/1.") and not _may_become_http_1(data):
                self._fail("malformed", "the backend does not speak HTTP/1")
                return
            end = data.find(b"\r\n\r\n", 0, KNOWN_MAX_BYTES) + 4
            known = self._known.get(data[:end])
            if known is not None and self._is_told_by(known, len(data) - end):
                self._give_back(keep_alive=True)
                sink.responded(known.status, known.headers, known.length, data[end:], ended=True)
                return
        self._parse(data)
        if self._fault is not None:
            self._fail("malformed", self._fault)
        elif self._has_head:
            if end >= _SHORTEST_HEAD:
                self._remember(data, end)
            self._deliver(sink)

    def eof_received(self) -> bool:
        """End a body that only the end of the connection delimits."""
        if self._sink is not None and self._has_head and not self._framed:
            self._complete = True
            self._keep_alive = False
            self._deliver(self._sink)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the pool, and whoever still waits."""
        self._pool.lost(self)
        sink = self._detach()
        if sink is None:
            return
        if self.is_reused and not self._head_bytes:
            sink.stale()
        else:
            sink.failed("closed", f"the backend closed the connection ({exc or 'end of stream'})")

    # httptools callbacks; `_body.append` is on_body

    @property
    def on_body(self) -> object:
        """Collect body bytes without a Python frame."""
        return self._body.append

    def on_message_begin(self) -> None:
        """Begin the next response, interim or final."""
        if self._complete:
            raise _Unasked  # a second response to one request: stops the parser
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep end-to-end fields; note the framing."""
        if self._has_head:
            return  # trailers are dropped
        key = name.lower()
        if key in HOP_BY_HOP:
            self._hop_by_hop(key, value.strip())
            return
        if key == b"content-length":
            self._framed = True
            self._length = int(value)
            return
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Note the final status."""
        if self._complete:
            return
        status = self._parser.get_status_code()
        if status < _FINAL:
            self._clear_framing()  # an interim response; the final one follows
            return
        self._status = status
        self._has_head = True
        self._keep_alive = self._parser.should_keep_alive()
        if self._is_head_request:
            self._complete = True

    def on_message_complete(self) -> None:
        """Note the end of the final response."""
        if self._has_head:
            self._complete = True

    # internals

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fault = "the backend switched protocols"
        except httptools.HttpParserError as error:
            # After the last byte of a response it is only the reuse that is spoilt.
            self._keep_alive = False
            if not self._complete:
                self._fault = f"the backend's response is malformed: {error}"
        if not self._delivered:
            self._head_bytes += len(data)
            limits = self._limits
            if (
                self._head_bytes > limits.upstream_head_max_bytes
                or len(self._headers) > limits.upstream_header_max_count
            ):
                self._check_head()

    def _is_told_by(self, known: KnownHead, body_bytes: int) -> bool:
        """Say whether a known head and as many bytes are the whole response, which ends here."""
        return body_bytes == known.length and not self._is_head_request

    def _reset(self) -> None:
        self._headers = []
        self._status = 0
        self._head_bytes = 0
        self._has_head = False
        self._complete = False
        self._delivered = False
        self._keep_alive = False
        self._fault = None
        self._length = None
        self._framed = False
        self._named = None

    def _clear_framing(self) -> None:
        self._length = None
        self._framed = False
        self._named = None

    def _hop_by_hop(self, key: bytes, value: bytes) -> None:
        if key == b"connection":
            self._named = value if self._named is None else self._named + b"," + value
        elif key == b"transfer-encoding":
            if self._framed or value.lower() != b"chunked":
                self._fault = "the backend's transfer coding is not supported"
            self._framed = True

    def _check_head(self) -> None:
        limit = self._limits.upstream_head_max_bytes
        too_long = self._head_bytes > limit and (
            not self._has_head
            or sum(len(name) + len(value) for name, value in self._headers) > limit
        )
        if too_long or len(self._headers) > self._limits.upstream_header_max_count:
            self._fault = "the backend's response head is too long"

    def _deliver(self, sink: Sink) -> None:
        pieces = self._body
        body = b"".join(pieces) if pieces else b""
        pieces.clear()
        complete, first = self._complete, not self._delivered
        self._delivered = True
        status, headers, length = self._status, self._headers, self._length
        if first and self._named is not None and self._named not in _KEPT_BY_NAME:
            headers = _without(headers, self._named)
        if complete:
            if self._is_head_request:
                body = self._end_of_head_response(body)
            self._finish()
        if first:
            sink.responded(status, headers, length, body, ended=complete)
        else:
            if body:
                sink.data(body)
            if complete:
                sink.ended()

    def _remember(self, data: bytes, end: int) -> None:
        """Remember a head if `data` is one whole response of which it, up to `end`, tells all."""
        if (
            self._complete
            and self._keep_alive
            and not self._is_head_request
            and self._length == len(data) - end
            and (self._named is None or self._named.lower() in _KEPT_BY_NAME)
            and b"".join(self._body) == data[end:]
        ):
            self._known.remember(data[:end], self._status, self._headers, self._length)

    def _end_of_head_response(self, body: bytes) -> bytes:
        """Forget a body that a response to HEAD must not have, and the parser awaiting it."""
        if body:
            self._keep_alive = False
        self._parser = httptools.HttpResponseParser(self)
        return b""

    def _finish(self) -> None:
        """End the response before the sink hears of its end."""
        keep_alive = self._keep_alive
        self._reset()
        self._give_back(keep_alive=keep_alive)

    def _give_back(self, *, keep_alive: bool) -> None:
        """Give the connection back to its pool, or close it."""
        transport = cast("asyncio.Transport", self._transport)
        self._detach()
        # Answered before the request was read: the rest must not follow.
        if not keep_alive or transport.is_closing() or transport.get_write_buffer_size():
            self._close()
            return
        if self._paused:
            self.resume()
        self.is_reused = True
        self._pool.release(self)

    def _fail(self, failure: Failure, detail: str) -> None:
        sink = self._detach()
        self._close()
        if sink is not None:
            sink.failed(failure, detail)

    def _close(self) -> None:
        self._detach()
        if self._transport is not None:
            self._transport.abort()

    def _detach(self) -> Sink | None:
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.backend = None
        return sink


def _may_become_http_1(data: bytes) -> bool:
    """Say whether the first bytes of a response may go on to be HTTP/1."""
    return b"HTTP/1.".startswith(data)


def _without(headers: Headers, connection: bytes) -> Headers:
    """Give `headers` without those that the backend's Connection field names."""
    names = {name.strip() for name in connection.lower().split(b",")}
    return [pair for pair in headers if pair[0].lower() not in names]
