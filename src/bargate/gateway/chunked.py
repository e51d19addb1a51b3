"""Decode the chunked transfer coding of request bodies (RFC 9112 §7.1), strictly.

Ours, because the parser of heads cannot say where a chunked body ended: the bytes after it
belong to the next request, and must not be read as anything else before.
"""

from __future__ import annotations

import re

_LINE_MAX_BYTES = 256
_TRAILER_MAX_BYTES = 4_096
_WHOLE_BODY_EXTENSION_MAX_BYTES = 16_384
_CHUNKS_MAX = 32_768
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,8})((?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb'|"[\t !#-\[\]-~]*"))?)*)'
)
_PLAIN_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,8})\r\n")
_TRAILER_LINE = re.compile(_TOKEN + rb":[\t\x20-\x7e\x80-\xff]*")

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class BadChunk(Exception):
    """The body is not chunked as RFC 9112 says."""


class ChunkedBody:
    """A chunked body being read; `body` is what was decoded so far.

    Trailers are checked and dropped. Extensions are checked and dropped, and bounded over the
    whole body, so that chunks of one byte cannot carry kilobytes each. So are the chunks, each of
    which costs time: 10 MiB fit in the `_CHUNKS_MAX` allowed as long as they hold 320 bytes each.
    """

    __slots__ = (
        "_chunks",
        "_extension_bytes",
        "_left",
        "_rest",
        "_state",
        "_trailer_bytes",
        "body",
    )

    def __init__(self) -> None:
        self.body = bytearray()
        self._rest = b""
        self._left = 0
        self._state = _SIZE
        self._chunks = 0
        self._extension_bytes = 0
        self._trailer_bytes = 0

    def feed(self, data: bytes, max_bytes: int, at: int = 0) -> int | None:
        """Decode `data` from `at` on; give where the body ends in it, None if it is not complete.

        Stops decoding as soon as `body` is longer than `max_bytes`, which the caller checks.
        Raises BadChunk.
        """
        before = len(self._rest)
        if before:
            data, at = self._rest + data[at:], 0
            self._rest = b""
        end = self._decode(data, at, max_bytes)
        if self._state == _DONE:
            return end - before
        self._rest = data[end:]
        return None

    def _decode(self, data: bytes, at: int, max_bytes: int) -> int:
        """Decode as far as `data` goes, or `max_bytes`; give where it stopped."""
        while self._state != _DONE and len(self.body) <= max_bytes:
            if self._state == _SIZE:
                at = self._take_whole_chunks(data, at, max_bytes)
            then = self._take_data(data, at) if self._state == _DATA else self._take_line(data, at)
            if then < 0:
                break
            at = then
        return at

    def _take_whole_chunks(self, data: bytes, at: int, max_bytes: int) -> int:
        """Take the chunks that are there from end to end; all else is for the states."""
        body, match_size = self.body, _PLAIN_SIZE_LINE.match
        while (size := match_size(data, at)) and len(body) <= max_bytes:
            begin = size.end()
            end = begin + int(size[1], 16)
            if end == begin or not data.startswith(b"\r\n", end):
                break
            body += data[begin:end]
            at = end + 2
            self._count_chunk()
        return at

    def _count_chunk(self) -> None:
        self._chunks += 1
        if self._chunks > _CHUNKS_MAX:
            raise BadChunk("too many chunks")

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
        self._count_chunk()
        self._left = int(match[1], 16)
        self._state = _DATA if self._left else _TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        if not line:
            self._state = _DONE
            return
        self._trailer_bytes += len(line)
        if self._trailer_bytes > _TRAILER_MAX_BYTES or _TRAILER_LINE.fullmatch(line) is None:
            raise BadChunk("a trailer is malformed")
