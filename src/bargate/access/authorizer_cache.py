"""What Lambda authorizers answered, remembered for their time to live.

    digest of all identity sources ──► Answer    one cache an authorizer, a stage and a worker

INVARIANT: what is remembered is the policy, never its effect: each call is decided by it anew.
Failures never enter.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bargate.access.authorizer_answer import Answer

MAX_ENTRIES: Final = 10_000
MAX_BYTES: Final = 32 * 1024 * 1024
_ABSENT: Final = b"\xff" * 8  # no length: no source has as many values
_ONE: Final = (1).to_bytes(8)


class Clocks(Struct, frozen=True):
    """The wall clock and one that never steps back, both in seconds."""

    wall: Callable[[], float] = time
    steady: Callable[[], float] = monotonic


class _Entry(Struct, eq=False, gc=False):
    answer: Answer
    wall: float
    steady: float


def cache_key(sources: Sequence[Sequence[bytes] | None]) -> bytes:
    """Give the digest of all values of all identity sources.

    Every source says how many values it has, every value how long it is, so that no two different
    lists have one digest by how they are cut.
    """
    if len(sources) == 1 and (only := sources[0]) is not None and len(only) == 1:
        # What the loop below gives for the one header that most authorizers ask for.
        (value,) = only
        return sha256(_ONE + len(value).to_bytes(8) + value).digest()
    parts = []
    for values in sources:
        if values is None:
            parts.append(_ABSENT)
            continue
        parts.append(len(values).to_bytes(8))
        for value in values:
            parts.append(len(value).to_bytes(8))
            parts.append(value)
    return sha256(b"".join(parts)).digest()


class AuthorizerCache:
    """Answers of one authorizer at one stage, the least recently used out first.

    An answer is as old as the one clock says of which it is older, and of no use when the wall
    clock says that it is from the future: a step backwards, or a machine that slept, never
    lengthens its life. Nor does its use.
    """

    __slots__ = ("_entries", "_held_bytes", "_steady", "_wall", "ttl_s")

    def __init__(self, ttl_s: int, clocks: Clocks | None = None) -> None:
        self.ttl_s = ttl_s
        clocks = clocks or Clocks()
        self._wall, self._steady = clocks.wall, clocks.steady
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._held_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, key: bytes) -> tuple[Answer, float] | None:
        """Give an answer that still holds, and how old it is in seconds."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        by_wall, by_steady = self._wall() - entry.wall, self._steady() - entry.steady
        age_s = by_wall if by_wall > by_steady else by_steady  # noqa: FURB136  `max` is slow
        if by_wall < 0 or age_s >= self.ttl_s:
            self._forget(key)
            return None
        self._entries.move_to_end(key)
        return entry.answer, age_s

    def remember(self, key: bytes, answer: Answer) -> None:
        """Keep an answer, at the cost of those that were not asked for longest."""
        if answer.size_bytes > MAX_BYTES:
            return
        self._forget(key)
        self._entries[key] = _Entry(answer, self._wall(), self._steady())
        self._held_bytes += answer.size_bytes
        while len(self._entries) > MAX_ENTRIES or self._held_bytes > MAX_BYTES:
            self._forget(next(iter(self._entries)))

    def _forget(self, key: bytes) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._held_bytes -= entry.answer.size_bytes
