"""When access keys were last used: collected as calls come, written now and then.

A call that only reads is not made to wait for the disk, so a kill -9 may forget the last seconds.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING

from bargate.identity.last_used import note_use
from bargate.store.interface import StoreBusy, StoreUnavailable

if TYPE_CHECKING:
    from bargate.services.operation import Caller
    from bargate.store.interface import Store, Transaction

WRITE_S = 5.0
MAX_KEYS = 10_000

_Use = tuple[str, str, datetime]  # service, region, when


class Uses:
    """The uses since the last write, one for each key."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._uses: dict[str, _Use] = {}

    def note(self, caller: Caller, service: str, region: str, now: datetime) -> None:
        """Remember a use of a long-term key."""
        key_id = caller.access_key_id
        if caller.session is None and (key_id in self._uses or len(self._uses) < MAX_KEYS):
            self._uses[key_id] = (service, region, now)

    async def run(self) -> None:
        """Write what was remembered, for ever; what cannot be written waits for the next time."""
        while True:
            await asyncio.sleep(WRITE_S)
            await self.write()

    async def write(self) -> None:
        """Write what was remembered."""
        uses, self._uses = self._uses, {}
        if not uses:
            return

        def work(tx: Transaction) -> None:
            for key_id, (service, region, now) in uses.items():
                note_use(tx, key_id, service, region, now)

        try:
            await self._store.submit(work)
        except (StoreBusy, StoreUnavailable):
            self._uses = {**uses, **self._uses}
