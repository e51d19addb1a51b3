"""Resource servers of user pools: the custom scopes that clients may ask for."""

from msgspec import Struct

from bargate.store.kind import Kind


class PoolScope(Struct, frozen=True, kw_only=True):
    """A scope; tokens carry it as `{identifier of the server}/{name}`."""

    name: str
    description: str


class PoolResourceServer(Struct, frozen=True, kw_only=True):
    """A resource server."""

    pool_id: str
    identifier: str
    name: str
    scopes: tuple[PoolScope, ...] = ()


POOL_RESOURCE_SERVER: Kind[PoolResourceServer] = Kind(
    "pool_resource_server",
    PoolResourceServer,
    lambda server: (server.pool_id, server.identifier),
)
