"""Records of JSON files of any size: an array of users, alone or under a key of the outermost object.

Only where a record begins and ends is looked for in the file; what it is, is decoded record by
record. So memory holds one record of bounded size, and a record that is no JSON, too large or too
deep is None in its place, and stops nothing: incremental parsers end at the first wrong escape.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec

from bargate.userpool.imports.formats.format import WrongFormat

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RECORD_BYTES: Final = 1_048_576
_CHUNK_BYTES: Final = 65_536
_QUOTE, _OPENING, _CLOSING = b'"', b"[{", b"]}"
_WHITE_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_SCALAR: Final = re.compile(rb"[^,\]}\s]*")
_IN_TEXT: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
# Whole texts, and what is neither a text nor a bracket.
_BETWEEN: Final = re.compile(rb'(?:[^"\[\]{}]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)


def json_records(file: BinaryIO, key: str | None = None) -> Iterator[Any]:
    """Give the elements of the outermost array, or of the array under `key`; raises WrongFormat.

    None stands for an element that cannot be read, and for `null`.
    """
    source = _Source(file)
    first = source.next()
    if first == b"[":
        yield from _elements(source)
    elif first == b"{" and key is not None:
        yield from _under(source, key)
    else:
        form = "an array" if key is None else f'an array, nor an object with "{key}"'
        raise WrongFormat(f"The file is no JSON that holds users: not {form}.")
    if source.peek():
        raise WrongFormat("Something follows the end of the JSON in the file.")


def decoded(raw: bytes | None) -> Any:
    """Decode a record, None for one that cannot be."""
    try:
        return None if raw is None else msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None


def _under(source: _Source, key: str) -> Iterator[Any]:
    is_found, separator = False, b","
    if source.peek() == b"}":
        separator = source.next()
    while separator == b",":
        name = decoded(source.value())
        if not isinstance(name, str) or source.next() != b":":
            raise source.unreadable()
        if name == key and source.peek() == b"[":
            source.next()
            is_found = True
            yield from _elements(source)
        else:
            source.value()
        separator = source.next()
    if separator != b"}":
        raise source.unreadable()
    if not is_found:
        raise WrongFormat(f'The file has no array "{key}".')


def _elements(source: _Source) -> Iterator[Any]:
    if source.peek() == b"]":
        source.next()
        return
    separator = b","
    while separator == b",":
        yield decoded(source.value())
        separator = source.next()
    if separator != b"]":
        raise source.unreadable()


class _Source:
    """The file as values and separators, a chunk at a time."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._data = b""
        self._at = 0
        self._before = 0

    def unreadable(self) -> WrongFormat:
        place = self._before + self._at
        return WrongFormat(f"The file is no JSON at byte {place:,}, or it was cut off there.")

    def peek(self) -> bytes:
        """Give the next byte that is no white space, none at the end."""
        while True:
            self._at = _matched(_WHITE_SPACE, self._data, self._at)
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
            if not self._more():
                return b""

    def next(self) -> bytes:
        """Take what `peek` gives."""
        found = self.peek()
        self._at += len(found)
        return found

    def value(self) -> bytes | None:
        """Take a value as it is written, None for one that is too long; raises WrongFormat."""
        first = self.peek()
        kept = _Kept()
        if first == _QUOTE:
            self._text(kept)
        elif first and first in _OPENING:
            self._nested(kept)
        else:
            self._run(_SCALAR, kept)
        if not kept.is_any:
            raise self.unreadable()
        return kept.whole()

    def _nested(self, kept: _Kept) -> None:
        """Take an array or object: whether its brackets match is found when it is decoded."""
        depth = 0
        while True:
            mark = self._run(_BETWEEN, kept)
            if mark == _QUOTE:  # of a text that the chunk does not end
                self._text(kept)
                continue
            if not mark:
                raise self.unreadable()
            self._take(1, kept)
            depth += 1 if mark in _OPENING else -1
            if not depth:
                return

    def _text(self, kept: _Kept) -> None:
        """Take a text with its quotation marks."""
        self._take(1, kept)
        while (mark := self._run(_IN_TEXT, kept)) != _QUOTE:
            if not mark:
                raise self.unreadable()
            self._take(1, kept)  # a backslash at the end of a chunk: what follows it is no mark
            if not self._filled():
                raise self.unreadable()
            self._take(1, kept)
        self._take(1, kept)

    def _run(self, form: re.Pattern[bytes], kept: _Kept) -> bytes:
        """Take as much as a form matches, over chunks, and give the byte behind it."""
        while self._filled():
            end = _matched(form, self._data, self._at)
            self._take(end - self._at, kept)
            if self._at < len(self._data):
                return self._data[self._at : self._at + 1]
        return b""

    def _take(self, size: int, kept: _Kept) -> None:
        kept.add(self._data[self._at : self._at + size])
        self._at += size

    def _filled(self) -> bool:
        return self._at < len(self._data) or self._more()

    def _more(self) -> bool:
        self._before += len(self._data)
        self._data = self._file.read(_CHUNK_BYTES)
        self._at = 0
        return bool(self._data)


class _Kept:
    """What was taken of a value, until it is too long."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self.is_any = False

    def add(self, piece: bytes) -> None:
        self.is_any = self.is_any or bool(piece)
        if len(self._bytes) <= MAX_RECORD_BYTES:
            self._bytes += piece

    def whole(self) -> bytes | None:
        return bytes(self._bytes) if len(self._bytes) <= MAX_RECORD_BYTES else None


def _matched(form: re.Pattern[bytes], data: bytes, at: int) -> int:
    """Say up to where a form, which may match nothing, matches."""
    found = form.match(data, at)
    return at if found is None else found.end()
