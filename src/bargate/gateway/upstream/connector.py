"""Open connections to backends: every address of the name in turn, TLS verified."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from bargate.gateway.upstream.client_certificates import ClientCertificates, backend_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.gateway.upstream.backend import Backend
    from bargate.gateway.upstream.resolver import Resolver
    from bargate.mapping.plan import Origin


class Connector:
    """Opens connections within `connect_s`, name resolution and TLS handshake included.

    `verified` is the context that certificates are checked with; an origin that says so is not
    verified at all (AWS: `insecureSkipVerification`). `certificates` are those that origins which
    name one are shown.
    """

    def __init__(
        self,
        resolver: Resolver,
        connect_s: float,
        verified: ssl.SSLContext,
        certificates: ClientCertificates | None = None,
    ) -> None:
        self._resolver = resolver
        self._connect_s = connect_s
        self._verified = backend_context(verified, verify=True)
        self._unverified = backend_context(ssl.create_default_context(), verify=False)
        self._certificates = certificates or ClientCertificates()

    async def connect(self, origin: Origin, new: Callable[[], Backend]) -> Backend:
        """Give a connection that `new` made.

        Raises OSError, with the last address's reason, and NotShowable.
        """
        context = self._context(origin)
        try:
            async with asyncio.timeout(self._connect_s):
                return await self._first(origin, context, new)
        except TimeoutError as error:
            raise OSError(f"{origin.host}:{origin.port}: no connection in time") from error

    def _context(self, origin: Origin) -> ssl.SSLContext | None:
        if origin.scheme != "https":
            return None
        if origin.client_certificate is not None:
            return self._certificates.context(origin.client_certificate, verify=origin.verify)
        return self._verified if origin.verify else self._unverified

    async def _first(
        self, origin: Origin, context: ssl.SSLContext | None, new: Callable[[], Backend]
    ) -> Backend:
        last: OSError | None = None
        addresses = await self._resolver.resolve(origin.host, origin.port)
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                # Each address gets its share of the time, so that a silent one is passed over.
                async with asyncio.timeout(self._connect_s / (left + 1) if left > 1 else None):
                    return await self._open(origin, address, context, new)
            except OSError as error:
                last = error
        raise last or OSError(f"{origin.host} has no address")

    async def _open(
        self,
        origin: Origin,
        address: str,
        context: ssl.SSLContext | None,
        new: Callable[[], Backend],
    ) -> Backend:
        _, backend = await asyncio.get_running_loop().create_connection(
            new,
            address,
            origin.port,
            ssl=context,
            server_hostname=(origin.server_name or origin.host) if context else None,
        )
        return backend
