"""Read one request head, strictly: what is not exactly HTTP/1.1 is refused.

    block (to the blank line) ──► request line ──► httptools: fields ──► framing, Host, target
                                                                              │
                                               BadRequest(status, reason) ◄───┴──► RequestHead

Two readers never disagree about a request that has only one reading: every line ends in CRLF and
is one field, there is one Host, and either one Content-Length or `chunked` or no body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httptools
from msgspec import Struct

from bargate.access.repeated_headers import RepeatedHeaders
from bargate.gateway.fields import NEVER_HOP_BY_HOP, Fields
from bargate.gateway.request_line import (
    PLAIN_LINE_MAX_BYTES,
    PLAIN_LINES,
    BadRequest,
    request_line,
)
from bargate.gateway.target import BadTarget, host_name, split_target

if TYPE_CHECKING:
    from bargate.gateway.limits import Limits

_NOT_IN_LINE_ENDS = bytes(set(range(256)) - set(b"\r\n"))
_LENGTH_MAX_DIGITS = 18
_KNOWN_MAX_BYTES = 2048


class RequestHead(Struct, gc=False):
    """A head that has one reading.

    `host` is lower case and without port. `headers` and `header` hold end-to-end fields only:
    hop-by-hop ones, and those that Connection names, are gone. `content_length` is 0 without a
    body and for a chunked one. Heads of one connection may share `headers` and `header`, so that
    nobody writes to them.
    """

    method: str
    path: str
    query: str
    host: bytes | None
    headers: list[tuple[bytes, bytes]]
    header: dict[bytes, bytes]
    is_http_10: bool
    keep_alive: bool
    content_length: int
    is_chunked: bool
    expects_continue: bool


class HeadReader:
    """Reads the heads of one connection, one after the other.

    A client that keeps its connection mostly sends the same fields again, byte for byte. They are
    then what they were, and only the request line is read. INVARIANT: what is remembered passed
    every check, and the checks of the fields depend on nothing else but the version.
    """

    __slots__ = ("_fields", "_known", "_known_line", "_known_rest", "_limits", "_parser")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields = Fields()
        self._parser = httptools.HttpRequestParser(self._fields)
        self._known: RequestHead | None = None
        self._known_line = b""
        self._known_rest = b""

    def read(self, block: bytes) -> RequestHead:
        """Read `block`, which ends with the first blank line. Raises BadRequest."""
        line, _, rest = block.partition(b"\r\n")
        known = self._known
        if known is not None and rest == self._known_rest:
            if type(known.headers) is list:
                known.headers = RepeatedHeaders(known.headers)
            if line == self._known_line:
                return known
            head = self._with_line(known, line)
            if head is not None:
                return head
        method, target, version = request_line(line)
        count = self._check_size(target, rest)
        fields = self._fields
        fields.clear()
        self._feed(block, fields, count)
        head = _head(method, target, fields, is_http_10=version == b"HTTP/1.0")
        self._remember(line, rest, head, target)
        return head

    def _remember(self, line: bytes, rest: bytes, head: RequestHead, target: bytes) -> None:
        is_plain = not head.is_http_10 and target.startswith(b"/")
        if is_plain and len(rest) <= _KNOWN_MAX_BYTES and len(line) <= _KNOWN_MAX_BYTES:
            self._known, self._known_line, self._known_rest = head, line, rest
        else:
            self._known = None
            self._known_line = self._known_rest = b""

    def _with_line(self, known: RequestHead, line: bytes) -> RequestHead | None:
        """Give the known fields with another request line, None where all is to be read."""
        if len(line) > min(PLAIN_LINE_MAX_BYTES, self._limits.uri_max_bytes):
            return None
        plain = PLAIN_LINES[line]
        if plain is None:
            return None
        method, path, query = plain
        return RequestHead(
            method,
            path,
            query,
            known.host,
            known.headers,
            known.header,
            known.is_http_10,
            known.keep_alive,
            known.content_length,
            known.is_chunked,
            known.expects_continue,
        )

    def check_partial(self, data: bytes) -> None:
        """Refuse an incomplete head that no further byte can make good. Raises BadRequest."""
        limits = self._limits
        line, end, rest = data.partition(b"\r\n")
        if data != b"\r" and not data[:1].isupper():
            raise BadRequest(400, "the request line is malformed")
        if data.count(b"\n") != data.count(b"\r\n") or b"\r" in line[:-1]:
            raise BadRequest(400, "a line does not end in CRLF")
        if end:
            request_line(line)
        if len(line) > limits.uri_max_bytes + 32:
            raise BadRequest(414, "the request line is too long")
        if end and len(rest) > limits.header_max_bytes:
            raise BadRequest(431, "the header block is too long")

    def _check_size(self, target: bytes, rest: bytes) -> int:
        """Refuse what is too long or has other line ends than CRLF; give the number of fields."""
        limits = self._limits
        if len(target) > limits.uri_max_bytes:
            raise BadRequest(414, "the request target is too long")
        if len(rest) > limits.header_max_bytes + 2:
            raise BadRequest(431, "the header block is too long")
        ends = rest.translate(None, _NOT_IN_LINE_ENDS)
        lines = ends.count(b"\n")
        if lines > limits.header_max_count + 1:
            raise BadRequest(431, "too many header fields")
        if len(ends) != 2 * lines or rest.count(b"\r\n") != lines:
            raise BadRequest(400, "a line does not end in CRLF")
        return lines - 1

    def _feed(self, block: bytes, fields: Fields, count: int) -> None:
        try:
            self._parser.feed_data(block)
        except httptools.HttpParserUpgrade:
            # An upgrade we do not follow: the request stands, its parser is spent.
            self._renew()
        except httptools.HttpParserError as error:
            raise BadRequest(400, str(error) or "malformed") from error
        if fields.has_body:
            self._renew()  # the body is read by others; this parser would wait for it
        if fields.fault:
            raise BadRequest(400, fields.fault)
        if fields.count != count:
            raise BadRequest(400, "a line is not a header field")

    def _renew(self) -> None:
        self._parser = httptools.HttpRequestParser(self._fields)


def _head(method: str, target: bytes, fields: Fields, *, is_http_10: bool) -> RequestHead:
    header = fields.header
    keep_alive = not is_http_10
    if fields.connection is not None:
        keep_alive = _connection(fields, fields.connection) and keep_alive
    length, is_chunked = _framing(fields, is_http_10=is_http_10)
    try:
        authority, path, query = split_target(target)
        host = _host(header.get(b"host"), authority, fields, is_http_10=is_http_10)
    except BadTarget as error:
        raise BadRequest(400, str(error)) from error
    expect = header.get(b"expect")
    if expect is not None and expect.lower() != b"100-continue":
        raise BadRequest(417, "the expectation is not supported")
    return RequestHead(
        method,
        path,
        query,
        host,
        fields.headers,
        fields.header,
        is_http_10,
        keep_alive,
        length,
        is_chunked,
        expect is not None and not is_http_10,
    )


def _connection(fields: Fields, connection: bytes) -> bool:
    """Obey the Connection field: say whether it lets the connection live on."""
    names = {name.strip() for name in connection.split(b",")}
    if not names.isdisjoint(NEVER_HOP_BY_HOP):
        raise BadRequest(400, "Connection names a field that is end-to-end")
    fields.drop(names - {b"close", b"keep-alive", b"upgrade"})
    return b"close" not in names


def _framing(fields: Fields, *, is_http_10: bool) -> tuple[int, bool]:
    """Give the length of the body, and whether it is chunked instead (RFC 9112 §6)."""
    length = fields.header.get(b"content-length")
    if fields.transfer is not None:
        if length is not None:
            raise BadRequest(400, "Content-Length and Transfer-Encoding are both present")
        if fields.transfer != b"chunked" or is_http_10:
            raise BadRequest(400, "the transfer coding is not supported")
        return 0, True
    if length is None:
        return 0, False
    if not length.isdigit() or len(length) > _LENGTH_MAX_DIGITS:
        raise BadRequest(400, "the Content-Length is malformed")
    return int(length), False


def _host(
    value: bytes | None, authority: bytes | None, fields: Fields, *, is_http_10: bool
) -> bytes | None:
    """Give the host the request is for; the target's authority comes first (RFC 9112 §3.2.2)."""
    if value is None and not is_http_10:
        raise BadRequest(400, "there is no Host")
    host = None if value is None else host_name(value)
    if authority is None:
        return host
    fields.header[b"host"] = authority
    fields.headers = [
        (b"Host", authority),
        *(pair for pair in fields.headers if pair[0].lower() != b"host"),
    ]
    return host_name(authority)
