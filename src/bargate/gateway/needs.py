"""Fetches what steps need and is not in memory, whatever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.access.key_directory import KeySource

if TYPE_CHECKING:
    from bargate.access.verdict import Need
    from bargate.gateway.asking import Asking
    from bargate.gateway.serving import KeyFetcher
    from bargate.model.invocation import FunctionInvoker


class Needs:
    """Knows who fetches what; every fetch is bounded in time by whoever does it."""

    def __init__(
        self,
        keys: KeyFetcher,
        ledger: Asking | None = None,
        functions: FunctionInvoker | None = None,
    ) -> None:
        self._keys = keys
        self._ledger = ledger
        self._functions = functions

    async def fetch(self, need: Need) -> None:
        """Fetch what a step asks for; it is run again whether or not that was to be had."""
        if isinstance(need.source, KeySource):
            await self._keys.fetch(need.source)
        elif self._ledger is not None:
            await self._ledger.fetch(need.source.limits)
