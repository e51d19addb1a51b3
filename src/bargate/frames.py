"""Framed msgpack between two processes of an installation, over a socket that only they have.

    4 bytes of length, big endian ──► one message

The end of the stream means that the other side is gone. Secrets travel in the clear here and nowhere
else.
"""

import asyncio
import contextlib
import struct
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from bargate.secret import Secret

MAX_FRAME_BYTES = 256 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class FrameTooLarge(ValueError):
    """A message cannot be sent: it has more bytes than a frame may have."""


def _reveal(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(f"a {type(value).__name__} does not travel")  # msgspec's protocol


def _conceal(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise msgspec.ValidationError(f"no {kind.__name__} travels like this")


encode = msgspec.msgpack.Encoder(enc_hook=_reveal).encode


def decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Make a decoder of messages that may hold secrets."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_conceal)


Incoming = TypeVar("Incoming")


class Channel(Generic[Incoming]):
    """One end of the conversation; `decoder` knows the messages it receives."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: msgspec.msgpack.Decoder[Incoming],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = decoder

    async def receive(self) -> Incoming | None:
        """Give the next message, None when the other side is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_FRAME_BYTES:
                return None
            return self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def send(self, message: Struct) -> None:
        """Send a message; a vanished receiver is noticed by `receive`, not here.

        Raises FrameTooLarge, and sends nothing.
        """
        frame = encode(message)
        if len(frame) > MAX_FRAME_BYTES:
            raise FrameTooLarge(f"{len(frame)} bytes; a message may have {MAX_FRAME_BYTES}")
        if self._writer.is_closing():  # uvloop raises RuntimeError
            return
        with contextlib.suppress(ConnectionError):
            self._writer.write(_LENGTH.pack(len(frame)) + frame)
            await self._writer.drain()

    def post(self, message: Struct) -> None:
        """Send a small message without waiting until the receiver has room for it."""
        frame = encode(message)
        if self._writer.is_closing():
            return
        with contextlib.suppress(ConnectionError):
            self._writer.write(_LENGTH.pack(len(frame)) + frame)

    def close(self) -> None:
        """End the conversation."""
        self._writer.close()
