"""What is said to the functions host, and by it: framed msgpack.

    supervisor ──► BeginHost, Know, DrainHost ──► host      over a socket pair
    supervisor ◄── HostReady, Known           ◄── host

    worker, control process ──► Hello, Asked ──► host       over the local socket of `HostPlace`
    worker, control process ◄── Told         ◄── host

Whoever connects says the token first; the end of a stream means that the other side is gone.
"""

from __future__ import annotations

from msgspec import Struct

from bargate.model.invocation import Invocation, Outcome  # noqa: TC001  msgspec looks them up
from bargate.secret import Secret  # noqa: TC001
from bargate.settings import HostSettings  # noqa: TC001
from bargate.snapshot.parts import Update  # noqa: TC001

# What the host must know of all that is served, by the first segment of the names of parts.
KINDS = frozenset({"function", "role", "sealing"})


class HostPlace(Struct, frozen=True, kw_only=True):
    """Where the host listens, and what it wants to hear first (32 bytes in hex)."""

    path: str
    token: Secret


class BeginHost(Struct, frozen=True, tag=True):
    """First word to the host; what it must know follows."""

    settings: HostSettings
    token: Secret


class Know(Struct, frozen=True, tag=True):
    """Work by what this update leads to; with `more`, together with the next one."""

    number: int
    update: Update
    more: bool = False


class DrainHost(Struct, frozen=True, tag=True):
    """Take no more invocations, finish those under way within the deadline, end."""

    deadline_s: float


class HostReady(Struct, frozen=True, tag=True):
    """The host answers invocations, by the first update."""


class Known(Struct, frozen=True, tag=True):
    """The host works by the update `number`."""

    number: int


class Hello(Struct, frozen=True, tag=True):
    """The first word of whoever wants functions to be invoked."""

    token: Secret


class Asked(Struct, frozen=True, tag=True):
    """An invocation, with a number of the asker's own."""

    number: int
    invocation: Invocation


class Told(Struct, frozen=True, tag=True):
    """What came of the invocation of that number."""

    number: int
    outcome: Outcome


ToHost = BeginHost | Know | DrainHost
FromHost = HostReady | Known
FromInvoker = Hello | Asked


def is_for_host(name: str) -> bool:
    """Say whether the host must know the part of this name."""
    return name.partition("/")[0] in KINDS


def is_for_workers(name: str) -> bool:
    """Say whether workers may know the part of this name: what a function holds is its own."""
    return not name.startswith("function/")
