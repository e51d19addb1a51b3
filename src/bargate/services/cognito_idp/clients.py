"""App clients: CreateUserPoolClient, Describe, Update, Delete, List."""

from __future__ import annotations

import secrets
import string
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from bargate.records.user_pool_client import USER_POOL_CLIENT, UserPoolClient
from bargate.services.cognito_idp.client_secrets import new_secret
from bargate.services.cognito_idp.configurations import drop_configurations
from bargate.services.cognito_idp.lookup import MAX_LISTED, after_of, the_client, the_pool
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool.client_settings import settings_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params

MAX_CLIENTS: Final = 1_000  # AWS [D] cognito-userpools §11
_ID_CHARACTERS: Final = string.ascii_lowercase + string.digits
_ID_LENGTH: Final = 26


@operation(writes=True)
def create_user_pool_client(call: OperationCall, request: Params) -> Params:
    """Create a client, with a secret if one is given or asked for."""
    pool = the_pool(call, request)
    if call.tx.count(USER_POOL_CLIENT, (pool.id,)) >= MAX_CLIENTS:
        raise AwsError("LimitExceededException", f"A pool has at most {MAX_CLIENTS} clients.")
    given, generates = request.get("ClientSecret"), request.get("GenerateSecret", False)
    if given is not None and generates:
        message = "GenerateSecret and ClientSecret cannot be given together."
        raise AwsError("InvalidParameterException", message)
    has_secret = given is not None or generates
    client = UserPoolClient(
        pool_id=pool.id,
        id="".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH)),
        name=request["ClientName"],
        created_at=call.now,
        modified_at=call.now,
        secrets=(new_secret(given, call.now),) if has_secret else (),
        **settings_of(call.tx, pool, request, has_secret=has_secret),
    )
    call.tx.create(USER_POOL_CLIENT, client)
    return {"UserPoolClient": client_output(client)}


@operation()
def describe_user_pool_client(call: OperationCall, request: Params) -> Params:
    """Give a client with its secret."""
    return {"UserPoolClient": client_output(the_client(call, request))}


@operation(writes=True)
def update_user_pool_client(call: OperationCall, request: Params) -> Params:
    """Set a client's settings: what is not given goes back to its default (AWS [M])."""
    pool = the_pool(call, request)
    client = the_client(call, request)
    changes = settings_of(call.tx, pool, request, has_secret=bool(client.secrets))
    name = request.get("ClientName") or client.name
    new = replace(client, name=name, modified_at=call.now, **changes)
    call.tx.update(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client), lambda _: new)
    return {"UserPoolClient": client_output(new)}


@operation(writes=True)
def delete_user_pool_client(call: OperationCall, request: Params) -> Params:
    """Delete a client: what it was given is good for nothing any more."""
    client = the_client(call, request)
    drop_configurations(call.tx, client.pool_id, client.id)
    call.tx.delete(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client))
    return {}


@operation()
def list_user_pool_clients(call: OperationCall, request: Params) -> Params:
    """List the clients of a pool; none of them was registered dynamically."""
    pool = the_pool(call, request)
    if request.get("ClientType") == "DCR":
        return {"UserPoolClients": []}
    limit = request.get("MaxResults") or MAX_LISTED
    after = after_of(request.get("NextToken"), (pool.id,))
    found = call.tx.list(USER_POOL_CLIENT, (pool.id,), after=after, limit=limit + 1)
    output: Params = {"UserPoolClients": [_description(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(USER_POOL_CLIENT.key_of(found[limit - 1]))
    return output


def _description(client: UserPoolClient) -> Params:
    return {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.name}


def client_output(client: UserPoolClient) -> Params:
    """Write a client; members that were never said are left out."""
    output: dict[str, Any] = {
        "UserPoolId": client.pool_id,
        "ClientName": client.name,
        "ClientId": client.id,
        "CreationDate": client.created_at,
        "LastModifiedDate": client.modified_at,
        "RefreshTokenValidity": client.refresh_validity,
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": client.revocation,
        "EnablePropagateAdditionalUserContextData": client.propagates_context,
        "AuthSessionValidity": client.session_validity_minutes,
    }
    if client.secrets:
        output["ClientSecret"] = client.secrets[-1].value.reveal()
    return output | _said(client) | client.stored


def _said(client: UserPoolClient) -> dict[str, Any]:
    said: dict[str, Any] = {
        "AccessTokenValidity": client.access_validity,
        "IdTokenValidity": client.id_validity,
        "ReadAttributes": client.read_attributes and list(client.read_attributes),
        "WriteAttributes": client.write_attributes and list(client.write_attributes),
        "ExplicitAuthFlows": client.explicit_flows and list(client.explicit_flows),
        "PreventUserExistenceErrors": client.prevent_existence_errors,
    }
    if client.units is not None:
        units = (
            ("AccessToken", client.units.access),
            ("IdToken", client.units.id),
            ("RefreshToken", client.units.refresh),
        )
        said["TokenValidityUnits"] = {name: unit for name, unit in units if unit is not None}
    if client.rotation is not None:
        said["RefreshTokenRotation"] = {
            "Feature": "ENABLED" if client.rotation.is_enabled else "DISABLED",
            "RetryGracePeriodSeconds": client.rotation.grace_s,
        }
    return {name: value for name, value in said.items() if value is not None}
