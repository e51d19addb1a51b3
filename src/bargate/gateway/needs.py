"""Fetches what steps need and is not in memory, whatever it is."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from bargate.access.authorizer_answer import AuthorizerAsk, Told
from bargate.access.key_directory import KeySource
from bargate.model.invocation import Refused

if TYPE_CHECKING:
    from bargate.access.authorizer_answer import Answer
    from bargate.access.authorizer_cache import AuthorizerCache
    from bargate.access.verdict import Denial, Need
    from bargate.gateway.asking import Asking
    from bargate.gateway.serving import KeyFetcher
    from bargate.model.invocation import FunctionInvoker

_NO_FUNCTIONS = Refused(
    reason="unavailable", message="this gateway runs no functions; see `bargate serve --help`"
)


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
        self._asked: dict[tuple[AuthorizerCache, bytes], asyncio.Future[Answer | Denial]] = {}

    async def fetch(self, need: Need) -> None:
        """Fetch what a step asks for; it is run again whether or not that was to be had."""
        source = need.source
        if isinstance(source, KeySource):
            await self._keys.fetch(source)
        elif isinstance(source, AuthorizerAsk):
            await self._ask(source)
        elif self._ledger is not None:
            await self._ledger.fetch(source.limits)

    async def _ask(self, ask: AuthorizerAsk) -> None:
        asked_s = monotonic()
        answer = await self._answer(ask)
        ask.facts.authorizer_answer = Told(
            answer=answer,
            sent=ask.invocation.payload,
            latency_s=monotonic() - asked_s,
            hidden=ask.hidden,
        )

    async def _answer(self, ask: AuthorizerAsk) -> Answer | Denial:
        """Ask, or wait for who is asking the same already."""
        if ask.cache is None:
            return await self._invoke(ask)
        asked = (ask.cache, ask.key)
        flight = self._asked.get(asked)
        if flight is None:
            flight = self._asked[asked] = asyncio.ensure_future(self._invoke(ask))
            flight.add_done_callback(lambda _: self._asked.pop(asked, None))
        # A client that leaves must not take the answer from those who wait for it as well.
        return await asyncio.shield(flight)

    async def _invoke(self, ask: AuthorizerAsk) -> Answer | Denial:
        outcome = (
            _NO_FUNCTIONS if self._functions is None else await self._functions(ask.invocation)
        )
        return ask.read(outcome)
