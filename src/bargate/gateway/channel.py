"""What the supervisor and a worker say to each other: framed msgpack over a socket pair.

    supervisor ──► Serve, Apply, Renew, Why, Collect, Drain ──► worker
    supervisor ◄── Ready, Applied, Answer, Collected        ◄── worker

    worker ──► AskBuckets, AskQuotas               ──► supervisor, about limits (`ledger`)
    worker ◄── LeasedBuckets, LeasedQuotas, Forget ◄── supervisor

The end of the stream means that the other side is gone: a worker then drains and ends. Secrets
travel in the clear here and nowhere else: over a socket that only the two processes have.
"""

import asyncio
import contextlib
import struct
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from bargate.gateway.metrics import Metrics
from bargate.ledger.messages import (
    BucketAsk,
    BucketLease,
    QuotaAsk,
    QuotaKey,
    QuotaLease,
    QuotaReturn,
    UseCount,
)
from bargate.model.installation import Installation
from bargate.secret import Secret
from bargate.settings import GatewaySettings
from bargate.snapshot.explain import ExplainedCall
from bargate.snapshot.parts import Part, Update

MAX_FRAME_BYTES = 256 * 1024 * 1024
# An update is sent in pieces of about this size, so that no frame comes near its bound.
PIECE_BYTES = 32 * 1024 * 1024
_LENGTH = struct.Struct(">I")


class Serve(Struct, frozen=True, tag=True):
    """First word to a worker: how to serve. What to serve follows as the first update.

    `installation` says where; its stages are not looked at.
    """

    settings: GatewaySettings
    installation: Installation


class Apply(Struct, frozen=True, tag=True):
    """Serve what this update leads to from the next request on.

    With `more`, it is to be applied together with the next one, and is not answered.
    """

    number: int
    update: Update
    more: bool = False


class Renew(Struct, frozen=True, tag=True):
    """Open the access log and read the certificate again; not answered."""


class Why(Struct, frozen=True, tag=True):
    """A question: what became of a recent request."""

    number: int
    request_id: str


class Collect(Struct, frozen=True, tag=True):
    """A question: what was counted since the worker started."""

    number: int


class Drain(Struct, frozen=True, tag=True):
    """Stop accepting, finish what is in flight within the deadline, end."""

    deadline_s: float


class Ready(Struct, frozen=True, tag=True):
    """The worker accepts connections, and serves the first update."""


class Applied(Struct, frozen=True, tag=True):
    """The worker serves the update `number`; or, with an `error`, still what it served before."""

    number: int
    error: str | None = None


class Answer(Struct, frozen=True, tag=True):
    """The answer to `Why`: None when this worker does not remember the request."""

    number: int
    explained: ExplainedCall | None


class Collected(Struct, frozen=True, tag=True):
    """The answer to `Collect`."""

    number: int
    metrics: Metrics


class AskBuckets(Struct, frozen=True, tag=True):
    """How the worker stands to token buckets; one at a time."""

    asks: tuple[BucketAsk, ...]


class LeasedBuckets(Struct, frozen=True, tag=True):
    """The answer to `AskBuckets`, in its order."""

    leases: tuple[BucketLease, ...]


class AskQuotas(Struct, frozen=True, tag=True):
    """What is wanted of quotas, what comes back of them, and what was only counted."""

    asks: tuple[QuotaAsk, ...]
    returns: tuple[QuotaReturn, ...]
    uses: tuple[UseCount, ...]


class LeasedQuotas(Struct, frozen=True, tag=True):
    """The answer to `AskQuotas`, in the order of its asks.

    `is_booked` says whether what came back, and what was counted, is stored; if not, it is not lost.
    """

    leases: tuple[QuotaLease, ...]
    is_booked: bool = True


class Forget(Struct, frozen=True, tag=True):
    """There may be something left again of these quotas; without keys, of all. Not answered."""

    keys: tuple[QuotaKey, ...] = ()


ToWorker = Serve | Apply | Renew | Why | Collect | Drain | LeasedBuckets | LeasedQuotas | Forget
FromWorker = Ready | Applied | Answer | Collected | AskBuckets | AskQuotas


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


_encode = msgspec.msgpack.Encoder(enc_hook=_reveal).encode


def decoder(kind: Any) -> msgspec.msgpack.Decoder[Any]:
    """Make a decoder of messages that may hold secrets."""
    return msgspec.msgpack.Decoder(kind, dec_hook=_conceal)


def worker_decoder() -> msgspec.msgpack.Decoder[ToWorker]:
    """Make the decoder of a worker's end."""
    return decoder(ToWorker)


def supervisor_decoder() -> msgspec.msgpack.Decoder[FromWorker]:
    """Make the decoder of the supervisor's end."""
    return decoder(FromWorker)


def size_bytes(part: Part) -> int:
    """Give the bytes that a part takes in a frame."""
    return len(_encode(part))


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
        frame = _encode(message)
        if len(frame) > MAX_FRAME_BYTES:
            raise FrameTooLarge(f"{len(frame)} bytes; a message may have {MAX_FRAME_BYTES}")
        try:
            self._writer.write(_LENGTH.pack(len(frame)) + frame)
            await self._writer.drain()
        except ConnectionError:
            return

    def post(self, message: Struct) -> None:
        """Send a small message without waiting until the receiver has room for it."""
        frame = _encode(message)
        with contextlib.suppress(ConnectionError):
            self._writer.write(_LENGTH.pack(len(frame)) + frame)

    def close(self) -> None:
        """End the conversation."""
        self._writer.close()
