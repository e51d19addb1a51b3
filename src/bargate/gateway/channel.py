"""What the supervisor and a worker say to each other: framed msgpack over a socket pair.

    supervisor ──► Serve, Swap, Why, Drain ──► worker
    supervisor ◄── Ready, Swapped, Answer  ◄── worker

The end of the stream means that the other side is gone: a worker then drains and ends.
"""

import asyncio
import struct
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from bargate.model.installation import Installation
from bargate.settings import GatewaySettings
from bargate.snapshot.explain import ExplainedCall

MAX_FRAME_BYTES = 256 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Serve(Struct, frozen=True, tag=True):
    """First word to a worker: how and what to serve."""

    settings: GatewaySettings
    installation: Installation


class Swap(Struct, frozen=True, tag=True):
    """Serve this from the next request on."""

    version: int
    installation: Installation


class Why(Struct, frozen=True, tag=True):
    """A question: what became of a recent request."""

    number: int
    request_id: str


class Drain(Struct, frozen=True, tag=True):
    """Stop accepting, finish what is in flight within the deadline, end."""

    deadline_s: float


class Ready(Struct, frozen=True, tag=True):
    """The worker accepts connections."""


class Swapped(Struct, frozen=True, tag=True):
    """The worker serves `version`; or, with an `error`, still what it served before."""

    version: int
    error: str | None = None


class Answer(Struct, frozen=True, tag=True):
    """The answer to `Why`: None when this worker does not remember the request."""

    number: int
    explained: ExplainedCall | None


ToWorker = Serve | Swap | Why | Drain
FromWorker = Ready | Swapped | Answer


def worker_decoder() -> msgspec.msgpack.Decoder[ToWorker]:
    """Make the decoder of a worker's end."""
    return msgspec.msgpack.Decoder(ToWorker)


def supervisor_decoder() -> msgspec.msgpack.Decoder[FromWorker]:
    """Make the decoder of the supervisor's end."""
    return msgspec.msgpack.Decoder(FromWorker)


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
        self._encoder = msgspec.msgpack.Encoder()

    async def receive(self) -> Incoming | None:
        """Give the next message, None when the other side is gone."""
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MAX_FRAME_BYTES:
                return None
            return self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def send(self, message: ToWorker | FromWorker) -> None:
        """Send a message; a vanished receiver is noticed by `receive`, not here."""
        frame = self._encoder.encode(message)
        try:
            self._writer.write(_LENGTH.pack(len(frame)) + frame)
            await self._writer.drain()
        except ConnectionError:
            return

    def close(self) -> None:
        """End the conversation."""
        self._writer.close()
