"""The server name that a TLS client asks for, read out of its ClientHello before any handshake.

RFC 8446 §4.1.2, RFC 6066 §3. Only what must be known to choose a context is read; OpenSSL then reads
the whole again, strictly. INVARIANT: every length is held against what is there, and no input is read
twice as something else: what cannot be read is malformed.
"""

from __future__ import annotations

from typing import Final

MAX_HELLO_BYTES: Final = 16_384
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1
_SERVER_NAME: Final = 0
_HOST_NAME: Final = 0
_RECORD_HEAD: Final = 5
_MAX_RECORD: Final = 16_384
_LONGEST_NAME: Final = 253


class MalformedHello(ValueError):
    """The bytes are no ClientHello."""


class _Reader:
    """Takes fields off the front of bytes that are all there."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def is_empty(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise MalformedHello("a field is longer than what holds it")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def number(self, size_bytes: int) -> int:
        return int.from_bytes(self.take(size_bytes), "big")

    def vector(self, length_bytes: int) -> _Reader:
        return _Reader(self.take(self.number(length_bytes)))


def server_name(data: bytes) -> str | None:
    """Give the name asked for in lower case, "" when none is, None when more bytes are needed.

    Raises MalformedHello.
    """
    hello = _hello(data)
    return None if hello is None else _name_in(_Reader(hello))


def _hello(data: bytes) -> bytes | None:
    """Give the ClientHello message, which may come in several records; None while it is not whole."""
    message, at = b"", 0
    while len(data) - at >= _RECORD_HEAD:
        kind, major = data[at], data[at + 1]
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        if kind != _HANDSHAKE or major != 3 or not 0 < length <= _MAX_RECORD:  # noqa: PLR2004  SSL 3's and TLS's
            raise MalformedHello("not a TLS handshake")
        message += data[at + _RECORD_HEAD : at + _RECORD_HEAD + length]
        at += _RECORD_HEAD + length
        whole = _whole(message)
        if whole is not None:
            return whole
    return None


def _whole(message: bytes) -> bytes | None:
    """Give the body of the ClientHello once it is all there."""
    if message and message[0] != _CLIENT_HELLO:
        raise MalformedHello("the handshake does not begin with a ClientHello")
    if len(message) < 4:  # noqa: PLR2004  type and length
        return None
    length = int.from_bytes(message[1:4], "big")
    if length > MAX_HELLO_BYTES:
        raise MalformedHello("the ClientHello is too long")
    return message[4 : 4 + length] if len(message) >= 4 + length else None


def _name_in(hello: _Reader) -> str:
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session id
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression methods
    if hello.is_empty:
        return ""
    extensions = hello.vector(2)
    while not extensions.is_empty:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            return _host_name(content.vector(2))
    return ""


def _host_name(names: _Reader) -> str:
    while not names.is_empty:
        kind, name = names.number(1), names.vector(2)
        if kind == _HOST_NAME:
            return _text(name)
    return ""


def _text(name: _Reader) -> str:
    raw = name.rest()
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedHello("the server name is not ASCII") from error
    if not text or len(text) > _LONGEST_NAME or "\0" in text:
        raise MalformedHello("the server name is no host name")
    return text.lower().removesuffix(".")
