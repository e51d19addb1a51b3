"""POST to one URL after another over kept connections, each bounded in every direction.

Connections ──► an idle connection to the same place, else a new one ──► request ──► Answer
            ◄── kept when exactly one response came and both sides would go on
"""

from __future__ import annotations

import asyncio
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httptools
from msgspec import Struct

from bargate.model.invocation import MAX_PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CONNECTIONS = 256
MAX_IDLE = 64
IDLE_S = 4.0  # less than servers keep one open, so that it is seldom closed while it is used
MAX_HEAD_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_FINAL = 200


class NoAnswer(Exception):
    """There was no response, or nothing that is one; the text says why."""


class TooLong(Exception):
    """The response is longer than a function's may be."""


class Target(Struct, frozen=True):
    """Where a request goes; `authority` is its Host, `path` what is asked for there."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str

    @property
    def place(self) -> tuple[str, str, int]:
        """What a connection must lead to if it is to be used."""
        return self.scheme, self.host, self.port


class Answer(Struct, frozen=True):
    """A whole response; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def target_of(url: str, path: str) -> Target:
    """Read a URL; `path` is for one that has none. ValueError for what is no http(s) URL."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("it is not a URL")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise ValueError("it is not an http or https URL without a user")
    query = f"?{parts.query}" if parts.query else ""
    asked = parts.path if parts.path not in {"", "/"} else path
    port = parts.port or _PORTS[parts.scheme]
    return Target(parts.scheme, parts.hostname, port, parts.netloc, asked + query)


class _Reader(asyncio.StreamReader):
    """Counts what arrives."""

    fed_bytes = 0

    def feed_data(self, data: Any) -> None:  # typeshed has more than the bytes that come
        self.fed_bytes += len(data)
        super().feed_data(data)


class _Connection:
    """One connection; used for one request at a time."""

    def __init__(self, reader: _Reader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._read_bytes = 0
        self.idle_since = 0.0

    @property
    def is_usable(self) -> bool:
        """Say whether the other side has neither closed it nor said something unasked."""
        # INVARIANT: what came before a request was sent is never taken for its response.
        is_quiet = self._reader.fed_bytes == self._read_bytes
        return is_quiet and not self._reader.at_eof() and not self._writer.is_closing()

    async def exchange(self, request: bytes) -> tuple[Answer, bool]:
        """Send a request; gives the response, and whether the connection may be kept."""
        parser = _Parser()
        self._writer.write(request)
        # Read while the request is being written: it may be answered before all of it is read.
        while not parser.is_complete:
            data = await self._reader.read(_READ_BYTES)
            self._read_bytes += len(data)
            if not data:
                return parser.at_end(), False
            parser.feed(data)
        return parser.answer(), parser.may_keep and self._is_sent()

    def _is_sent(self) -> bool:
        return self._writer.transport.get_write_buffer_size() == 0

    def close(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()


class Connections:
    """At most 256 connections at once, 64 of them idle; `tls` None verifies by the system's CAs."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._idle: list[tuple[tuple[str, str, int], _Connection]] = []  # the longest idle first
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request once, and give the response. Raises NoAnswer and TooLong."""
        async with self._places:
            try:
                connection = self._take(target) or await self._connect(target)
                answer = await self._exchange(target, connection, _request(target, headers, body))
            except (OSError, ssl.SSLError) as error:
                raise NoAnswer(str(error) or type(error).__name__) from error
            except ValueError as error:  # UnicodeError is one: a host that is no name, by IDNA
                raise NoAnswer(f"{target.host!r} is not the name of a host: {error}") from error
        return answer

    def sweep(self) -> None:
        """Close connections that are idle for too long."""
        before = time.monotonic() - IDLE_S
        while self._idle and self._idle[0][1].idle_since < before:
            self._idle.pop(0)[1].close()

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(self, target: Target, connection: _Connection, request: bytes) -> Answer:
        keep = False
        try:
            answer, keep = await connection.exchange(request)
        finally:
            if keep:
                self._keep(target, connection)
            else:
                connection.close()
        return answer

    def _take(self, target: Target) -> _Connection | None:
        """Take the connection to this place that was used last, if it still is one."""
        self.sweep()
        for at in range(len(self._idle) - 1, -1, -1):
            if self._idle[at][0] == target.place:
                connection = self._idle.pop(at)[1]
                if connection.is_usable:
                    return connection
                connection.close()
        return None

    def _keep(self, target: Target, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        self._idle.append((target.place, connection))
        if len(self._idle) > MAX_IDLE:
            self._idle.pop(0)[1].close()

    async def _connect(self, target: Target) -> _Connection:
        context = None
        if target.scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context()
            context = self._tls
        loop = asyncio.get_running_loop()
        reader = _Reader()
        transport, protocol = await loop.create_connection(
            lambda: asyncio.StreamReaderProtocol(reader), target.host, target.port, ssl=context
        )
        return _Connection(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.authority}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Accept-Encoding: identity", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body


class _Parser:
    """Reads one final response; what comes before it (1xx) is passed over."""

    def __init__(self) -> None:
        self.is_complete = False
        self.may_keep = False
        self._parser = httptools.HttpResponseParser(self)
        self._status = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_bytes = 0
        self._fault: Exception | None = None

    def feed(self, data: bytes) -> None:
        """Take bytes; raises NoAnswer and TooLong."""
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.may_keep = False
            if not self.is_complete or self._fault:
                raise self._fault or NoAnswer(f"no HTTP response: {error}") from error
        if not self._has_head and self._head_bytes > MAX_HEAD_BYTES:
            raise NoAnswer("the head of the response is too long")

    def at_end(self) -> Answer:
        """Give the response when the stream has ended, if it may end so. Raises NoAnswer."""
        is_framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        if not self._has_head or is_framed:
            raise NoAnswer("the connection was closed before the response was complete")
        return self.answer()

    def answer(self) -> Answer:
        """Give the response."""
        return Answer(self._status, self._headers, bytes(self._body))

    @property
    def _has_head(self) -> bool:
        return self._status >= _FINAL

    # httptools callbacks; what they raise arrives as the context of its own error

    def on_message_begin(self) -> None:
        """Begin a response; one that follows the final one was not asked for."""
        if self.is_complete:
            self.may_keep = False
            raise NoAnswer("more than one response")
        self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, not a trailer."""
        if not self._has_head:
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Note the final status."""
        status = self._parser.get_status_code()
        if status >= _FINAL:
            self._status = status
            self.may_keep = self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        """Collect the body as far as it may go."""
        if len(self._body) + len(data) > MAX_PAYLOAD_BYTES:
            self._fault = TooLong(
                "Response payload size exceeded maximum allowed payload size"
                f" ({MAX_PAYLOAD_BYTES} bytes)."
            )
            raise self._fault
        self._body += data

    def on_message_complete(self) -> None:
        """Note the end of the final response."""
        self.is_complete = self._has_head
