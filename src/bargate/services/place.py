"""Where and when something is stored: what the keys of regional records begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.services.operation import OperationCall


class Place(Struct, frozen=True, kw_only=True):
    """An account in a region, and the time (aware UTC)."""

    account_id: str
    region: str
    partition: str = "aws"
    now: datetime

    @property
    def prefix(self) -> tuple[str, str]:
        """What the key of everything in this place begins with."""
        return (self.account_id, self.region)


def place_of(call: OperationCall) -> Place:
    """Give the place of a call."""
    return Place(
        account_id=call.account_id, region=call.region, partition=call.partition, now=call.now
    )
