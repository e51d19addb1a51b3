"""How often workers were leased something, and answered without a lease."""

from __future__ import annotations

from msgspec import Struct


class LeaseCounts(Struct, frozen=True):
    """What was leased to a worker, what it refused, and what it let pass without a lease."""

    leased: int = 0
    spent: int = 0
    unreachable: int = 0
    unleased: int = 0

    def __add__(self, other: LeaseCounts) -> LeaseCounts:
        """Add up the counts of two workers."""
        return LeaseCounts(
            self.leased + other.leased,
            self.spent + other.spent,
            self.unreachable + other.unreachable,
            self.unleased + other.unleased,
        )
