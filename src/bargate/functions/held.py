"""A process that runs one function at a time, and what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from bargate.functions.runtime_spec import Event
    from bargate.model.invocation import Errored, Returned


class Key(Struct, frozen=True):
    """What a process runs: another revision, or a changed folder, is another key.

    `generation` counts the changes of a folder; `digest` is that of a package.
    """

    function_arn: str
    version: str
    revision_id: str
    generation: int = 0
    digest: str = ""


class RunningProcess(Protocol):
    """A process of a function, as the pool needs it."""

    @property
    def is_usable(self) -> bool:
        """Whether it lives and waits for an event."""

    async def invoke(self, event: Event) -> Returned | Errored:
        """Run it once."""

    async def end(self) -> None:
        """End it with all that it started."""


class Held(Struct, eq=False):
    """A process and what is known of it; `rotate_at` and `idle_since` are times of the clock."""

    key: Key
    process: RunningProcess
    rotate_at: float | None = None
    idle_since: float = 0.0
