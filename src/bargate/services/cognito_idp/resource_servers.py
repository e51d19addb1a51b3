"""Resource servers: the custom scopes of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.pool_resource_server import (
    POOL_RESOURCE_SERVER,
    PoolResourceServer,
    PoolScope,
)
from bargate.services.cognito_idp.lookup import after_of, the_pool
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.services.operation import OperationCall, Params

MAX_SERVERS: Final = 25  # AWS [D] cognito-userpools §11
_MAX_LISTED: Final = 50


@operation(writes=True)
def create_resource_server(call: OperationCall, request: Params) -> Params:
    """Create a resource server."""
    pool, identifier = the_pool(call, request), request["Identifier"]
    if call.tx.find(POOL_RESOURCE_SERVER, (pool.id, identifier)) is not None:
        message = f"{identifier} already exists in user pool {pool.id}."
        raise AwsError("InvalidParameterException", message)
    if call.tx.count(POOL_RESOURCE_SERVER, (pool.id,)) >= MAX_SERVERS:
        message = f"A pool has at most {MAX_SERVERS} resource servers."
        raise AwsError("LimitExceededException", message)
    server = PoolResourceServer(
        pool_id=pool.id,
        identifier=identifier,
        name=request["Name"],
        scopes=_scopes(request.get("Scopes") or ()),
    )
    call.tx.create(POOL_RESOURCE_SERVER, server)
    return {"ResourceServer": _output(server)}


@operation()
def describe_resource_server(call: OperationCall, request: Params) -> Params:
    """Give a resource server."""
    return {"ResourceServer": _output(_the_server(call, request))}


@operation(writes=True)
def update_resource_server(call: OperationCall, request: Params) -> Params:
    """Set name and scopes: scopes that are not given are gone (AWS [M])."""
    server = _the_server(call, request)
    new = replace(server, name=request["Name"], scopes=_scopes(request.get("Scopes") or ()))
    call.tx.update(POOL_RESOURCE_SERVER, POOL_RESOURCE_SERVER.key_of(server), lambda _: new)
    return {"ResourceServer": _output(new)}


@operation(writes=True)
def delete_resource_server(call: OperationCall, request: Params) -> Params:
    """Delete a resource server."""
    server = _the_server(call, request)
    call.tx.delete(POOL_RESOURCE_SERVER, POOL_RESOURCE_SERVER.key_of(server))
    return {}


@operation()
def list_resource_servers(call: OperationCall, request: Params) -> Params:
    """List the resource servers of a pool."""
    pool = the_pool(call, request)
    limit = request.get("MaxResults") or _MAX_LISTED
    after = after_of(request.get("NextToken"), (pool.id,))
    found = call.tx.list(POOL_RESOURCE_SERVER, (pool.id,), after=after, limit=limit + 1)
    output: Params = {"ResourceServers": [_output(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_RESOURCE_SERVER.key_of(found[limit - 1]))
    return output


def _the_server(call: OperationCall, request: Params) -> PoolResourceServer:
    pool, identifier = the_pool(call, request), request["Identifier"]
    server = call.tx.find(POOL_RESOURCE_SERVER, (pool.id, identifier))
    if server is None:
        message = f"Resource server {identifier} does not exist."
        raise AwsError("ResourceNotFoundException", message)
    return server


def _scopes(given: Iterable[Mapping[str, Any]]) -> tuple[PoolScope, ...]:
    scopes = tuple(
        PoolScope(name=each["ScopeName"], description=each["ScopeDescription"]) for each in given
    )
    if len({each.name for each in scopes}) < len(scopes):
        raise AwsError("InvalidParameterException", "A scope is given twice.")
    return scopes


def _output(server: PoolResourceServer) -> Params:
    scopes = [
        {"ScopeName": each.name, "ScopeDescription": each.description} for each in server.scopes
    ]
    return {
        "UserPoolId": server.pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": scopes,
    }
