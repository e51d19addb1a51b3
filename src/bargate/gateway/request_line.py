"""Read request lines, strictly; those that come again are remembered."""

from __future__ import annotations

import httptools

from bargate.gateway.target import BadTarget, split_target

# AWS [R] apigw-errors §5: "Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY".
METHODS = {
    method.encode("ascii"): method
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
}
PLAIN_LINE_MAX_BYTES = 256
_REQUEST_LINE_PARTS = 3


class BadRequest(Exception):
    """The request is refused before it is a call; the connection closes after the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def request_line(line: bytes) -> tuple[str, bytes, bytes]:
    """Give method, target (not looked at yet) and version. Raises BadRequest."""
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


class _PlainLines(dict[bytes, "tuple[str, str, str] | None"]):
    """Gives method, path and query of a request line that is fine in HTTP/1.1, else None.

    Remembers a bounded number of lines; what it says of one depends on nothing else.
    """

    __slots__ = ()

    def __missing__(self, line: bytes) -> tuple[str, str, str] | None:
        if len(self) >= _PLAIN_LINES_MAX:
            self.clear()
        plain = self[line] = _plain_line(line)
        return plain


_PLAIN_LINES_MAX = 4096
PLAIN_LINES = _PlainLines()


class _Ignored:
    """Nothing that a parser could call."""


def _plain_line(line: bytes) -> tuple[str, str, str] | None:
    try:
        method, target, version = request_line(line)
        if version != b"HTTP/1.1" or not target.startswith(b"/"):
            return None
        httptools.HttpRequestParser(_Ignored()).feed_data(line + b"\r\n\r\n")
        _, path, query = split_target(target)
    except (BadRequest, BadTarget, httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    return method, path, query
