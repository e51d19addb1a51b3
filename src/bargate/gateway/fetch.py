"""Fetch one small document over HTTP: key sets and discovery documents."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

import httptools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_READ_BYTES = 65_536
_HEAD_MAX_BYTES = 16_384
_PORTS = {"http": 80, "https": 443}


class FetchFailed(Exception):
    """The document could not be had; the text says why, for the operator."""


async def fetch(
    url: str,
    *,
    timeout_s: float,
    max_bytes: int,
    tls: ssl.SSLContext | None = None,
) -> bytes:
    """Give the body of a GET of `url` that answers 200.

    Redirects are not followed. `timeout_s` is the deadline of the whole, name resolution
    included. Certificates are verified, against `tls` where given. Raises FetchFailed.
    """
    target = _checked(url)
    context = (tls or ssl.create_default_context()) if target.scheme == "https" else None
    try:
        async with asyncio.timeout(timeout_s), _connected(target, context) as (reader, writer):
            writer.write(_request(target))
            return await _read(reader, _Answer(max_bytes))
    except TimeoutError as error:
        raise FetchFailed(f"{url}: no answer within {timeout_s:g} s") from error
    except (OSError, ssl.SSLError) as error:
        raise FetchFailed(f"{url}: {error}") from error
    except httptools.HttpParserError as error:
        cause = error.__context__
        reason = cause if isinstance(cause, FetchFailed) else f"not an HTTP response: {error}"
        raise FetchFailed(f"{url}: {reason}") from error
    except FetchFailed as error:
        raise FetchFailed(f"{url}: {error}") from error


def _checked(url: str) -> SplitResult:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise FetchFailed(f"{url!r} is not a URL")
    try:
        target = urlsplit(url)
        usable = (
            target.scheme in _PORTS and target.hostname and (target.port is None or target.port)
        )
    except ValueError as error:
        raise FetchFailed(f"{url!r} is not a URL: {error}") from error
    if not usable or "@" in target.netloc:
        raise FetchFailed(f"{url!r} is not an http or https URL")
    return target


@contextlib.asynccontextmanager
async def _connected(
    target: SplitResult, context: ssl.SSLContext | None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    port = target.port or _PORTS[target.scheme]
    try:
        reader, writer = await asyncio.open_connection(target.hostname, port, ssl=context)
    except ValueError as error:  # UnicodeError is one: an empty or too long label, by IDNA
        raise FetchFailed(f"{target.hostname!r} is not the name of a host: {error}") from error
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _request(target: SplitResult) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    return (
        f"GET {path} HTTP/1.1\r\nHost: {target.netloc}\r\nAccept: application/json\r\n"
        "Accept-Encoding: identity\r\nUser-Agent: bargate\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


async def _read(reader: asyncio.StreamReader, answer: _Answer) -> bytes:
    while not answer.is_complete:
        data = await reader.read(_READ_BYTES)
        if not data:
            return answer.at_eof()
        answer.feed(data)
    return bytes(answer.body)


class _Answer:
    """A response being parsed; refuses every status but 200 and more than `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self.body = bytearray()
        self.is_complete = False
        self._max_bytes = max_bytes
        self._head_bytes = 0
        self._has_head = False
        self._is_framed = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_MAX_BYTES:
                raise FetchFailed("the response head is too long")

    def at_eof(self) -> bytes:
        if not self._has_head or self._is_framed:
            raise FetchFailed("the connection was closed before the response was complete")
        return bytes(self.body)

    def on_header(self, name: bytes, _value: bytes) -> None:
        self._is_framed |= name.lower() in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status != 200:  # noqa: PLR2004 - the one status accepted
            raise FetchFailed(f"answered with status {status}")
        self._has_head = True

    def on_body(self, data: bytes) -> None:
        if len(self.body) + len(data) > self._max_bytes:
            raise FetchFailed(f"the document is longer than {self._max_bytes} bytes")
        self.body += data

    def on_message_complete(self) -> None:
        self.is_complete = True
