"""One HTTP/1.1 connection of a runtime to its Runtime API: strict, bounded, one request at a time."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import httptools
from msgspec import Struct

MAX_RESPONSE_BYTES = 6_291_556  # AWS [D] Lambda quotas; its error names this number
_MAX_HEAD_BYTES = 1024 * 1024 + 64 * 1024  # awslambdaric sends X-Ray causes of up to 1 MiB
_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    413: "Payload Too Large",
}


class Request(Struct, frozen=True):
    """A complete request; `body` is None when it was too large to be kept."""

    method: str
    path: str
    body: bytes | None


class Answering(Protocol):
    """Answers the requests of the connections it admits."""

    def admits(self, connection: RuntimeConnection, transport: asyncio.Transport) -> bool:
        """Tell whether the peer may speak here at all."""

    def answer(self, connection: RuntimeConnection, request: Request) -> None:
        """Take a request; it is answered by `connection.reply`, now or later."""

    def left(self, connection: RuntimeConnection) -> None:
        """Learn that a connection is gone."""


class RuntimeConnection(asyncio.Protocol):
    """Parses requests; closes at the first fault."""

    def __init__(self, api: Answering) -> None:
        self._api = api
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._head_bytes = 0
        self._in_body = False
        self._is_too_large = False
        self._body = bytearray()
        self._is_asked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the process whose API this is, and nobody else."""
        admitted = cast("asyncio.Transport", transport)  # uvloop's is one, but not by its class
        if self._api.admits(self, admitted):
            self._transport = admitted
        else:
            admitted.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Tell the API."""
        self._transport = None
        self._api.left(self)

    def data_received(self, data: bytes) -> None:
        """Parse; a second request before the answer to the first is a fault."""
        if self._transport is None:
            return
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:  # also an upgrade, which nobody asks for here
            self.abort()
        if self._head_bytes > _MAX_HEAD_BYTES and not self._in_body:
            self.abort()

    def on_message_begin(self) -> None:
        """Begin a request."""
        if self._is_asked:
            self.abort()
        self._url = b""
        self._body = bytearray()
        self._is_too_large = False

    def on_url(self, url: bytes) -> None:
        """Take a piece of the path."""
        self._url += url

    def on_headers_complete(self) -> None:
        """Go on with the body."""
        self._in_body = True
        self._head_bytes = 0

    def on_body(self, body: bytes) -> None:
        """Keep the body as long as it may be kept; one that is too large is answered at once."""
        if self._is_too_large:
            return
        if len(self._body) + len(body) > MAX_RESPONSE_BYTES:
            self._is_too_large = True
            self._body = bytearray()
            self._ask(None)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        """Hand over a complete request."""
        self._in_body = False
        if not self._is_too_large:
            body, self._body = bytes(self._body), bytearray()
            self._ask(body)

    def _ask(self, body: bytes | None) -> None:
        if self._transport is not None:
            self._is_asked = True
            method = self._parser.get_method().decode("ascii")
            path = self._url.decode("ascii", "replace")
            self._api.answer(self, Request(method, path, body))

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        """Answer the request that waits; one whose body was too large ends the connection."""
        self._is_asked = False
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self._transport.write("\r\n".join(lines).encode("utf-8") + body)
        if self._is_too_large:
            self._transport.close()

    def abort(self) -> None:
        """Close without a word."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
