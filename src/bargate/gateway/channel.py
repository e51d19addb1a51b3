"""What the supervisor and a worker say to each other: framed msgpack over a socket pair.

    supervisor ──► Serve, Apply, Renew, Why, Collect, Drain ──► worker
    supervisor ◄── Ready, Applied, Answer, Collected        ◄── worker

    worker ──► AskBuckets, AskQuotas               ──► supervisor, about limits (`ledger`)
    worker ◄── LeasedBuckets, LeasedQuotas, Forget ◄── supervisor

The end of the stream means that the other side is gone: a worker then drains and ends. Secrets
travel in the clear (`bargate.frames`).
"""

import msgspec
from msgspec import Struct

from bargate.frames import decoder, encode
from bargate.functions.messages import HostPlace
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
from bargate.settings import GatewaySettings
from bargate.snapshot.explain import ExplainedCall
from bargate.snapshot.parts import Part, Update

# An update is sent in pieces of about this size, so that no frame comes near its bound.
PIECE_BYTES = 32 * 1024 * 1024


class Serve(Struct, frozen=True, tag=True):
    """First word to a worker: how to serve. What to serve follows as the first update.

    `installation` says where; its stages are not looked at. `functions` is where functions are
    invoked, None where none can be.
    """

    settings: GatewaySettings
    installation: Installation
    functions: HostPlace | None = None


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


def worker_decoder() -> msgspec.msgpack.Decoder[ToWorker]:
    """Make the decoder of a worker's end."""
    return decoder(ToWorker)


def supervisor_decoder() -> msgspec.msgpack.Decoder[FromWorker]:
    """Make the decoder of the supervisor's end."""
    return decoder(FromWorker)


def size_bytes(part: Part) -> int:
    """Give the bytes that a part takes in a frame."""
    return len(encode(part))
