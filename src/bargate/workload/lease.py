"""The credentials of one workload: kept in memory, renewed long before they expire.

A session of `duration_s` is renewed when half of it is over, or every `refresh_every_s`; until it is
renewed the former one is given, which is good for as long again. What SDKs are told as Expiration is
twice that time from the renewal: they come back some minutes ahead of it (botocore 15 minutes, the
SDK for JavaScript 5), and are always given at least the second half.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bargate.workload.local import NotGiven, NotReached

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bargate.workload.local import Given

# What is told to expire sooner might be over before a client has it.
MIN_LEFT_S = 60
_RETRY_S = 1.0

_log = logging.getLogger("bargate.run")


class Lease:
    """Asks `obtain` again and again; `time` is seconds since the epoch."""

    def __init__(
        self,
        first: Given,
        obtain: Callable[[], Awaitable[Given]],
        refresh_every_s: float | None,
        time: Callable[[], float],
    ) -> None:
        self._obtain = obtain
        self._time = time
        self._held = first
        half_s = (first.expires_at - first.issued_at) / 2
        self._renew_s = half_s if refresh_every_s is None else min(half_s, refresh_every_s)

    @property
    def held(self) -> Given:
        """Give the credentials held now."""
        return self._held

    @property
    def told_expiration(self) -> int:
        """Give when clients are told that they expire, at most when they do."""
        told = max(self._held.issued_at + 2 * self._renew_s, self._time() + MIN_LEFT_S)
        return int(min(told, self._held.expires_at))

    @property
    def is_good(self) -> bool:
        """Say whether the credentials may still be given."""
        return self._time() < self._held.expires_at

    async def keep(self) -> None:
        """Renew for ever."""
        was_refused = False
        while True:
            await asyncio.sleep(max(0.0, self._held.issued_at + self._renew_s - self._time()))
            try:
                self._held = await self._obtain()
            except (NotGiven, NotReached) as error:
                if not was_refused:
                    _log.warning("credentials are not renewed, trying again: %s", error)
                was_refused = True
                await asyncio.sleep(_RETRY_S)
            else:
                was_refused = False
