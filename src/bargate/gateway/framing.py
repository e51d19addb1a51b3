"""Write response heads: the status line, our own fields, the plan's fields, the framing."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from bargate.access.repeated_headers import RepeatedHeaders

if TYPE_CHECKING:
    from bargate.mapping.plan import Headers

# Fields that only the connection writes; whatever a plan or a backend says of them is dropped.
_OURS = frozenset(
    {
        b"apigw-requestid",
        b"connection",
        b"content-length",
        b"date",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-amz-apigw-id",
        b"x-amzn-requestid",
    }
)
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode("ascii")
    for status in HTTPStatus
}
_STATUS_MIN, _STATUS_MAX = 200, 999
_NO_CONTENT, _NOT_MODIFIED = 204, 304


class _Starts(dict[bytes, "bytes | None"]):
    """Gives, for a field name, the start of its line, None for a field that only we write.

    Remembers a bounded number of names as they are spelt; responses use few.
    """

    def __missing__(self, name: bytes) -> bytes | None:
        start = None if name.lower() in _OURS else name + b": "
        if len(self) < _STARTS_MAX:
            self[name] = start
        return start


_STARTS_MAX = 1024
_STARTS = _Starts()

CHUNKED = b"Transfer-Encoding: chunked\r\n"
CLOSE = b"Connection: close\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class BadResponse(Exception):
    """A plan made a response that cannot be sent: a bug, or client data in the wrong place."""


def may_have_body(status: int) -> bool:
    """Say whether a response of `status` can carry a body (RFC 9110 §6.4.1)."""
    return status not in {_NO_CONTENT, _NOT_MODIFIED}


def response_head(status: int, headers: Headers, ours: bytes, framing: bytes) -> bytes:
    """Give the whole head, blank line included.

    `ours` and `framing` are complete lines. Raises BadResponse when the status is not a final
    one, or when a field holds CR, LF or NUL: a response can never be split.
    """
    if not _STATUS_MIN <= status <= _STATUS_MAX:
        raise BadResponse(f"status {status}")
    fields: bytes | None
    if type(headers) is RepeatedHeaders:
        fields = headers.known.get(_fields)
        if fields is None:
            fields = _fields(headers)
            headers.remember(_fields, fields)
    else:
        fields = _fields(headers)
    return b"%b%b%b%b\r\n" % (_status_line(status), ours, fields, framing)


def _fields(headers: Headers) -> bytes:
    lines = [start + value for name, value in headers if (start := _STARTS[name]) is not None]
    lines.append(b"")
    fields = b"\r\n".join(lines)
    count = len(lines) - 1
    if fields.count(b"\n") != count or fields.count(b"\r") != count or b"\0" in fields:
        raise BadResponse("a header field holds a line break")
    return fields


def content_length(length: int) -> bytes:
    """Give the Content-Length line."""
    return b"Content-Length: %d\r\n" % length


def chunk(data: bytes) -> bytes:
    """Give `data`, which is not empty, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _status_line(status: int) -> bytes:
    return _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
