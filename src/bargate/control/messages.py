"""What the supervisor and the control process say to each other, as framed msgpack.

    supervisor ──► Begin, Applied, StoreStages, StoreFunctions ──► control process
    supervisor ──► Collected, AskQuotas, Ending ──► control process
    supervisor ◄── Opened, Listening, Publish, Stored ◄── control process
    supervisor ◄── Collect, LeasedQuotas, Forget ◄── control process

The end of the stream means that the other side is gone: the control process then ends.
"""

from msgspec import Struct

from bargate.functions.messages import HostPlace
from bargate.gateway.channel import AskQuotas, Forget, LeasedQuotas
from bargate.gateway.metrics import Metrics
from bargate.model.function import Function
from bargate.model.installation import ServedStage
from bargate.settings import ControlSettings
from bargate.snapshot.parts import Update


class Begin(Struct, frozen=True, tag=True):
    """First word to the control process; `version` is that of what the workers serve.

    `functions` is where functions are invoked, None where none can be.
    """

    settings: ControlSettings
    version: int
    functions: HostPlace | None = None


class Opened(Struct, frozen=True, tag=True):
    """The store is open: what is told from now on is booked, unless the process is killed."""


class Listening(Struct, frozen=True, tag=True):
    """The AWS endpoint answers, and everything stored was published."""


class Publish(Struct, frozen=True, tag=True):
    """Let every worker serve this."""

    update: Update


class Applied(Struct, frozen=True, tag=True):
    """Every worker serves `version`; or, with an `error`, none does."""

    version: int
    error: str | None = None


class StoreStages(Struct, frozen=True, tag=True):
    """Store what the operator's OpenAPI documents say, as if it had been imported and deployed."""

    number: int
    stages: tuple[ServedStage, ...]


class StoreFunctions(Struct, frozen=True, tag=True):
    """Store the operator's own functions in place of those of before; answered with `Stored`."""

    number: int
    functions: tuple[Function, ...]


class Stored(Struct, frozen=True, tag=True):
    """What was to be stored is stored and served; or, with an `error`, nothing of them changed."""

    number: int
    error: str | None = None


class Collect(Struct, frozen=True, tag=True):
    """Ask what the workers have counted."""

    number: int


class Collected(Struct, frozen=True, tag=True):
    """The counts of all workers, and what they serve since when (seconds, epoch)."""

    number: int
    metrics: Metrics
    version: int
    applied_at: float


class Ending(Struct, frozen=True, tag=True):
    """Accept no more calls; the end of the stream comes when workers gave back what they leased."""


ToControl = Begin | Applied | StoreStages | StoreFunctions | Collected | AskQuotas | Ending
FromControl = Opened | Listening | Publish | Stored | Collect | LeasedQuotas | Forget
