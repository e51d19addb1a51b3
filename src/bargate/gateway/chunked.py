"""Decode the chunked transfer coding of request bodies (RFC 9112 §7.1), strictly.

Ours, because the parser of heads cannot say where a chunked body ended: the bytes after it
belong to the next request, and must not be read as anything else before.
"""

from __future__ import annotations

import re

_LINE_MAX_BYTES = 256
_TRAILER_MAX_BYTES = 4_096
_WHOLE_BODY_EXTENSION_MAX_BYTES = 16_384
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,8})((?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb'|"[\t !#-\[\]-~]*"))?)*)'
)
_TRAILER_LINE = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class BadChunk(Exception):
    """The body is not chunked as RFC 9112 says."""


class ChunkedBody:
    """A chunked body being read; `body` is what was decoded so far.

    Trailers are checked and dropped. Extensions are checked and dropped, and bounded over the
    whole body, so that chunks of one byte cannot carry kilobytes each.
    """

    __slots__ = ("_extension_bytes", "_left", "_rest", "_state", "_trailer_bytes", "body")

    def __init__(self) -> None:
        self.body = bytearray()
        self._rest = b""
        self._left = 0
        self._state = _SIZE
        self._extension_bytes = 0
        self._trailer_bytes = 0

    def feed(self, data: bytes, max_bytes: int) -> bytes | None:
        """Decode `data`; give the bytes after the body once it is complete, None before.

        Stops decoding as soon as `body` is longer than `max_bytes`, which the caller checks.
        Raises BadChunk.
        """
        data, at = self._rest + data, 0
        while self._state != _DONE and len(self.body) <= max_bytes:
            then = self._take_data(data, at) if self._state == _DATA else self._take_line(data, at)
            if then < 0:
                break
            at = then
        if self._state == _DONE:
            return data[at:]
        self._rest = data[at:]
        return None

    def _take_data(self, data: bytes, at: int) -> int:
        piece = data[at : at + self._left]
        if not piece:
            return -1
        self.body += piece
        self._left -= len(piece)
        if not self._left:
            self._state = _DATA_END
        return at + len(piece)

    def _take_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at, at + _LINE_MAX_BYTES)
        if end < 0:
            self._check_partial(data, at)
            return -1
        line = data[at:end]
        if self._state == _SIZE:
            self._take_size(line)
        elif self._state == _DATA_END:
            if line:
                raise BadChunk("chunk data is longer than its size")
            self._state = _SIZE
        else:
            self._take_trailer(line)
        return end + 2

    def _check_partial(self, data: bytes, at: int) -> None:
        """Refuse at once what no further byte can turn into a line."""
        line = data[at : at + _LINE_MAX_BYTES]
        if len(line) >= _LINE_MAX_BYTES:
            raise BadChunk("a chunk line is too long")
        if b"\n" in line or b"\r" in line[:-1]:
            raise BadChunk("a chunk line does not end in CRLF")
        if self._state == _DATA_END and line not in {b"", b"\r"}:
            raise BadChunk("chunk data is longer than its size")

    def _take_size(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise BadChunk("a chunk size is malformed")
        self._extension_bytes += len(match[2])
        if self._extension_bytes > _WHOLE_BODY_EXTENSION_MAX_BYTES:
            raise BadChunk("too many chunk extensions")
        self._left = int(match[1], 16)
        self._state = _DATA if self._left else _TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._state = _DONE
            return
        self._trailer_bytes += len(line)
        if self._trailer_bytes > _TRAILER_MAX_BYTES or _TRAILER_LINE.fullmatch(line) is None:
            raise BadChunk("a trailer is malformed")
