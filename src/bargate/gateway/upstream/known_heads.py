"""Response heads that were read before, byte for byte: what they say need not be read again.

Backends answer many calls alike within a second. INVARIANT: a head is remembered only of a response
that came in one piece, is framed by its Content-Length alone, passed every check and left the
connection usable: with as long a body the parser would come to the same again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.repeated_headers import RepeatedHeaders

if TYPE_CHECKING:
    from bargate.mapping.plan import Headers

KNOWN_MAX_BYTES = 1024
MAX_HEADS = 256


class KnownHead:
    """What a head says: its end-to-end headers, and the length of the body."""

    __slots__ = ("headers", "length", "status")

    def __init__(self, status: int, headers: RepeatedHeaders, length: int) -> None:
        self.status = status
        self.headers = headers
        self.length = length


class KnownHeads(dict[bytes, KnownHead]):
    """A bounded number of heads, of all the backends of a worker."""

    __slots__ = ()

    def remember(self, head: bytes, status: int, headers: Headers, length: int) -> None:
        """Keep what `head` says."""
        if len(self) >= MAX_HEADS:
            self.clear()
        self[head] = KnownHead(status, RepeatedHeaders(headers), length)
