"""All pools of one worker, by origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.gateway.upstream.known_heads import KnownHeads
from bargate.gateway.upstream.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.limits import Limits
    from bargate.gateway.upstream.connector import Connector
    from bargate.gateway.upstream.sink import Sink
    from bargate.mapping.plan import Origin, UpstreamRequest


class Pools:
    """Makes a pool when an origin is first asked for, and forgets it when it is empty."""

    def __init__(self, connector: Connector, limits: Limits, time: Callable[[], float]) -> None:
        self._connector = connector
        self._limits = limits
        self._pools: dict[Origin, Pool] = {}
        self.known_heads = KnownHeads()
        self.now = time

    def send(self, request: UpstreamRequest, sink: Sink) -> None:
        """Send `request` to its origin; `sink` hears of the response or the failure."""
        pool = self._pools.get(request.origin) or self._new_pool(request.origin)
        if pool is None:
            sink.failed("overloaded", "too many origins are in use")
        else:
            pool.send(request, sink)

    def send_again(self, request: UpstreamRequest, sink: Sink) -> None:
        """Send once more after a stale connection, and trust no other that is idle."""
        pool = self._pools.get(request.origin)
        if pool is not None:
            pool.drop_idle()
        self.send(request, sink)

    def cancel(self, request: UpstreamRequest, sink: Sink) -> None:
        """Give up waiting for a connection."""
        pool = self._pools.get(request.origin)
        if pool is not None:
            pool.cancel(sink)

    def forget(self, origin: Origin, pool: Pool) -> None:
        """Drop the empty `pool` of `origin`, unless another took its place already."""
        if self._pools.get(origin) is pool:
            del self._pools[origin]

    def sweep(self) -> None:
        """Close connections that nobody needed for a while."""
        before = self.now() - self._limits.upstream_idle_s
        for pool in tuple(self._pools.values()):
            pool.sweep(before)

    def close(self) -> None:
        """Close every connection."""
        for pool in list(self._pools.values()):
            pool.close()

    def _new_pool(self, origin: Origin) -> Pool | None:
        if len(self._pools) >= self._limits.upstream_origins_max:
            return None
        pool = self._pools[origin] = Pool(origin, self, self._connector, self._limits)
        return pool
