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

from bargate.gateway.target import BadTarget, host_name, split_target
from bargate.mapping.headers import HOP_BY_HOP

if TYPE_CHECKING:
    from bargate.gateway.limits import Limits

# AWS [R] apigw-errors §5: "Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY".
METHODS = {
    method.encode("ascii"): method
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
}
_NEVER_HOP_BY_HOP = frozenset({b"host", b"content-length", b"content-type", b"expect"})
_LENGTH_MAX_DIGITS = 18
_REQUEST_LINE_PARTS = 3


class BadRequest(Exception):
    """The request is refused before it is a call; the connection closes after the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RequestHead(Struct, gc=False):
    """A head that has one reading.

    `host` is lower case and without port. `headers` and `header` hold end-to-end fields only:
    hop-by-hop ones, and those that Connection names, are gone. `content_length` is 0 without a
    body and for a chunked one.
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

    @property
    def has_body(self) -> bool:
        """Say whether a body follows."""
        return self.is_chunked or self.content_length > 0


class HeadReader:
    """Reads the heads of one connection, one after the other."""

    __slots__ = ("_fields", "_limits", "_parser")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._fields = _Fields()
        self._parser = httptools.HttpRequestParser(self._fields)

    def read(self, block: bytes) -> RequestHead:
        """Read `block`, which ends with the first blank line. Raises BadRequest."""
        line, _, rest = block.partition(b"\r\n")
        method, target, version = _request_line(line)
        self._check_size(target, rest)
        fields = self._fields
        fields.clear()
        self._feed(block, fields, rest.count(b"\r\n") - 1)
        return _head(method, target, fields, is_http_10=version == b"HTTP/1.0")

    def check_partial(self, data: bytes) -> None:
        """Refuse an incomplete head that no further byte can make good. Raises BadRequest."""
        limits = self._limits
        line, end, rest = data.partition(b"\r\n")
        if data != b"\r" and not data[:1].isupper():
            raise BadRequest(400, "the request line is malformed")
        if data.count(b"\n") != data.count(b"\r\n") or b"\r" in line[:-1]:
            raise BadRequest(400, "a line does not end in CRLF")
        if end:
            _request_line(line)
        if len(line) > limits.uri_max_bytes + 32:
            raise BadRequest(414, "the request line is too long")
        if end and len(rest) > limits.header_max_bytes:
            raise BadRequest(431, "the header block is too long")

    def _check_size(self, target: bytes, rest: bytes) -> None:
        limits = self._limits
        if len(target) > limits.uri_max_bytes:
            raise BadRequest(414, "the request target is too long")
        if len(rest) > limits.header_max_bytes + 2:
            raise BadRequest(431, "the header block is too long")
        lines = rest.count(b"\n")
        if lines > limits.header_max_count + 1:
            raise BadRequest(431, "too many header fields")
        if rest.count(b"\r") != lines or rest.count(b"\r\n") != lines:
            raise BadRequest(400, "a line does not end in CRLF")

    def _feed(self, block: bytes, fields: _Fields, count: int) -> None:
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


class _Fields:
    """Collects the fields of one head from the parser's callbacks."""

    __slots__ = ("connection", "count", "fault", "has_body", "header", "headers", "transfer")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.header: dict[bytes, bytes] = {}
        self.connection: bytes | None = None
        self.transfer: bytes | None = None
        self.fault: str | None = None
        self.has_body = False
        self.count = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.count += 1
        key = name.lower()
        value = value.strip()
        if key in HOP_BY_HOP:
            self._hop_by_hop(key, value)
            return
        header = self.header
        if key in header:
            if key in _NEVER_HOP_BY_HOP:
                self.fault = f"{key.decode('latin-1')} is repeated"
            header[key] = header[key] + b", " + value
        else:
            header[key] = value
            if key == b"content-length":
                self.has_body = True
        self.headers.append((name, value))

    def _hop_by_hop(self, key: bytes, value: bytes) -> None:
        if key == b"connection":
            self.connection = _joined(self.connection, value.lower())
        elif key == b"transfer-encoding":
            self.has_body = True
            self.transfer = _joined(self.transfer, value.lower())

    def drop(self, names: set[bytes]) -> None:
        """Remove the fields that Connection names, so that nobody ever sees them."""
        self.headers = [pair for pair in self.headers if pair[0].lower() not in names]
        for name in names:
            self.header.pop(name, None)


def _joined(before: bytes | None, value: bytes) -> bytes:
    return value if before is None else before + b", " + value


def _request_line(line: bytes) -> tuple[str, bytes, bytes]:
    parts = line.split(b" ")
    if len(parts) != _REQUEST_LINE_PARTS:
        raise BadRequest(400, "the request line is malformed")
    name, target, version = parts
    method = METHODS.get(name)
    if version not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise BadRequest(400, "the protocol version is not supported")
    if method is None:
        known = name.isalpha() and name.isupper()
        raise BadRequest(405 if known else 400, "the method is not supported")
    return method, target, version


def _head(method: str, target: bytes, fields: _Fields, *, is_http_10: bool) -> RequestHead:
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


def _connection(fields: _Fields, connection: bytes) -> bool:
    """Obey the Connection field: say whether it lets the connection live on."""
    names = {name.strip() for name in connection.split(b",")}
    if not names.isdisjoint(_NEVER_HOP_BY_HOP):
        raise BadRequest(400, "Connection names a field that is end-to-end")
    fields.drop(names - {b"close", b"keep-alive", b"upgrade"})
    return b"close" not in names


def _framing(fields: _Fields, *, is_http_10: bool) -> tuple[int, bool]:
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
    value: bytes | None, authority: bytes | None, fields: _Fields, *, is_http_10: bool
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
