"""Open connections to backends: every address of the name in turn, TLS verified."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.upstream.backend import Backend
    from bargate.gateway.upstream.resolver import Resolver
    from bargate.mapping.plan import Origin


class Connector:
    """Opens connections within `connect_s`, name resolution and TLS handshake included.

    `verified` is the context that certificates are checked with; an origin that says so is not
    verified at all (AWS: `insecureSkipVerification`).
    """

    def __init__(self, resolver: Resolver, connect_s: float, verified: ssl.SSLContext) -> None:
        self._resolver = resolver
        self._connect_s = connect_s
        self._verified = verified
        self._unverified = ssl.create_default_context()
        self._unverified.check_hostname = False
        self._unverified.verify_mode = ssl.CERT_NONE
        for context in (self._verified, self._unverified):
            context.set_alpn_protocols(["http/1.1"])

    async def connect(self, origin: Origin, new: Callable[[], Backend]) -> Backend:
        """Give a connection that `new` made. Raises OSError, with the last address's reason."""
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._first(origin, new)
        except TimeoutError as error:
            raise OSError(f"{origin.host}:{origin.port}: no connection in time") from error

    async def _first(self, origin: Origin, new: Callable[[], Backend]) -> Backend:
        last: OSError | None = None
        addresses = await self._resolver.resolve(origin.host, origin.port)
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                # Each address gets its share of the time, so that a silent one is passed over.
                async with asyncio.timeout(self._connect_s / (left + 1) if left > 1 else None):
                    return await self._open(origin, address, new)
            except OSError as error:
                last = error
        raise last or OSError(f"{origin.host} has no address")

    async def _open(self, origin: Origin, address: str, new: Callable[[], Backend]) -> Backend:
        context = None
        if origin.scheme == "https":
            context = self._verified if origin.verify else self._unverified
        _, backend = await asyncio.get_running_loop().create_connection(
            new,
            address,
            origin.port,
            ssl=context,
            server_hostname=(origin.server_name or origin.host) if context else None,
        )
        return backend
