"""A store whose writes can be tried and undone, and which counts what was committed."""

from __future__ import annotations

from typing import Any

from bargate.records.pool_auth_event import POOL_AUTH_EVENT
from bargate.store.sqlite import SqliteStore

# What is noted of sign-ins a moment later, of those that are refused, too.
NOTED = {POOL_AUTH_EVENT.name}


class _Undone(Exception):
    """Carries the result of work out of a transaction that must not be kept."""

    def __init__(self, result: Any) -> None:
        self.result = result


class TrialStore(SqliteStore):
    """While `undoes`, all that is submitted runs to its end and leaves nothing behind."""

    def __init__(self) -> None:
        super().__init__()
        self.undoes = False
        self.commits = 0
        self.subscribe(self._committed)

    def _committed(self, changes: frozenset[Any]) -> None:
        self.commits += any(each.kind not in NOTED for each in changes)

    async def submit(self, work: Any) -> Any:
        """Do as the store does, but undo it."""
        if not self.undoes:
            return await super().submit(work)

        def tried(tx: Any) -> None:
            raise _Undone(work(tx))

        try:
            await super().submit(tried)
        except _Undone as undone:
            return undone.result
        raise AssertionError("the work was kept")
