"""Tokens already verified, so that a repeated one costs a look-up instead of an RSA operation."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

MAX_TOKEN_BYTES: Final = 4_096  # a larger token is verified every time
REMEMBERED_S: Final = 300
LANES: Final = 16
LANE_ENTRIES: Final = 256
LANE_BYTES: Final = 524_288


class VerifiedToken(Struct, frozen=True):
    """What a token says, all of it verified; true until `good_until` (seconds, epoch)."""

    issuer: str
    principal_id: str | None
    token_use: str | None
    scopes: tuple[str, ...]
    claims: Mapping[str, Any]
    good_until: float


class TokenCache:
    """Verified tokens of one authorizer, bounded in entries (4,096) and bytes (8 MiB).

    INVARIANT: only verified tokens enter, so that no number of forged ones can push a good one
    out or take memory. Nothing is remembered longer than `REMEMBERED_S` or past `exp`, nor over a
    change of any key set (`generation`).

    Every principal has one of 16 lanes, oldest out first, by a hash that differs from process to
    process: someone who can mint tokens without end for one account slows down a sixteenth of the
    others, to the cost of a verification, and can not choose whom.
    """

    __slots__ = ("_entries", "_generation", "_lane_bytes", "_lanes")

    def __init__(self) -> None:
        self._generation = 0
        self._clear()

    def _clear(self) -> None:
        self._entries: dict[bytes, VerifiedToken] = {}
        self._lanes: tuple[dict[bytes, None], ...] = tuple({} for _ in range(LANES))
        self._lane_bytes = [0] * LANES

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, presented: bytes, generation: int, now: float) -> VerifiedToken | None:
        """Give what was verified of `presented` (an identity source's value) if it still holds."""
        if generation != self._generation:
            self._clear()
            self._generation = generation
            return None
        verified = self._entries.get(presented)
        return verified if verified is not None and now < verified.good_until else None

    def remember(self, presented: bytes, verified: VerifiedToken, generation: int) -> None:
        """Keep a verified token, at the cost of the oldest ones of its lane."""
        if len(presented) > MAX_TOKEN_BYTES or generation != self._generation:
            return
        at = hash(verified.principal_id) % LANES
        if presented in self._entries:
            # The same bytes are the same token, hence the same principal and lane.
            self._forget(at, presented)
        lane = self._lanes[at]
        while lane and self._is_full(at, len(presented)):
            self._forget(at, next(iter(lane)))
        lane[presented] = None
        self._lane_bytes[at] += len(presented)
        self._entries[presented] = verified

    def _is_full(self, at: int, more_bytes: int) -> bool:
        full = len(self._lanes[at]) >= LANE_ENTRIES
        return full or self._lane_bytes[at] + more_bytes > LANE_BYTES

    def _forget(self, at: int, presented: bytes) -> None:
        del self._lanes[at][presented]
        del self._entries[presented]
        self._lane_bytes[at] -= len(presented)
