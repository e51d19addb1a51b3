"""Identity providers of a pool: stored and checked; users sign in through none of them yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.records.pool_identity_provider import POOL_IDENTITY_PROVIDER, PoolIdentityProvider
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.services.cognito_idp.lookup import MAX_LISTED, after_of, the_pool
from bargate.services.operation import operation
from bargate.services.paging import token_of
from bargate.userpool.identity_providers import check_name, fields_of
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.services.operation import OperationCall, Params
    from bargate.store.interface import Reader, Transaction

MAX_PROVIDERS: Final = 300  # AWS [D] cognito-userpools §11
_MAX_PAGE: Final = 50  # AWS [M] ProvidersListType


@operation(writes=True)
def create_identity_provider(call: OperationCall, request: Params) -> Params:
    """Add a provider to a pool."""
    pool, name, kind = the_pool(call, request), request["ProviderName"], request["ProviderType"]
    check_name(name, kind)
    if call.tx.find(POOL_IDENTITY_PROVIDER, (pool.id, name)) is not None:
        message = f"A provider {name} exists already."
        raise AwsError("DuplicateProviderException", message)
    if call.tx.count(POOL_IDENTITY_PROVIDER, (pool.id,)) >= MAX_PROVIDERS:
        message = f"A pool has at most {MAX_PROVIDERS} identity providers."
        raise AwsError("LimitExceededException", message)
    provider = PoolIdentityProvider(
        pool_id=pool.id,
        name=name,
        type=kind,
        created_at=call.now,
        modified_at=call.now,
        **fields_of(pool, kind, request),
    )
    _check_identifiers(call.tx, provider)
    call.tx.create(POOL_IDENTITY_PROVIDER, provider)
    return {"IdentityProvider": _output(provider)}


@operation()
def describe_identity_provider(call: OperationCall, request: Params) -> Params:
    """Give a provider."""
    return {"IdentityProvider": _output(_the_provider(call, request))}


@operation()
def get_identity_provider_by_identifier(call: OperationCall, request: Params) -> Params:
    """Give the provider that has an identifier."""
    pool, identifier = the_pool(call, request), request["IdpIdentifier"]
    for provider in call.tx.list(POOL_IDENTITY_PROVIDER, (pool.id,)):
        if identifier in provider.identifiers:
            return {"IdentityProvider": _output(provider)}
    message = f"Identity provider with identifier {identifier} does not exist."
    raise AwsError("ResourceNotFoundException", message)


@operation(writes=True)
def update_identity_provider(call: OperationCall, request: Params) -> Params:
    """Change what is given of a provider [I]; its name and type stay."""
    provider = _the_provider(call, request)
    fields = fields_of(the_pool(call, request), provider.type, request)
    new = replace(provider, modified_at=call.now, **fields)
    _check_identifiers(call.tx, new)
    call.tx.update(POOL_IDENTITY_PROVIDER, POOL_IDENTITY_PROVIDER.key_of(new), lambda _: new)
    return {"IdentityProvider": _output(new)}


@operation(writes=True)
def delete_identity_provider(call: OperationCall, request: Params) -> Params:
    """Delete a provider; clients support it no more."""
    provider = _the_provider(call, request)
    call.tx.delete(POOL_IDENTITY_PROVIDER, POOL_IDENTITY_PROVIDER.key_of(provider))
    _forget(call.tx, provider)
    return {}


@operation()
def list_identity_providers(call: OperationCall, request: Params) -> Params:
    """List the providers of a pool."""
    pool = the_pool(call, request)
    limit = min(request.get("MaxResults") or MAX_LISTED, _MAX_PAGE)
    after = after_of(request.get("NextToken"), (pool.id,))
    found = call.tx.list(POOL_IDENTITY_PROVIDER, (pool.id,), after=after, limit=limit + 1)
    output: Params = {"Providers": [_description(each) for each in found[:limit]]}
    if len(found) > limit:
        output["NextToken"] = token_of(POOL_IDENTITY_PROVIDER.key_of(found[limit - 1]))
    return output


def _check_identifiers(tx: Reader, provider: PoolIdentityProvider) -> None:
    wanted = set(provider.identifiers)
    for other in tx.list(POOL_IDENTITY_PROVIDER, (provider.pool_id,)) if wanted else ():
        taken = wanted.intersection(other.identifiers)
        if taken and other.name != provider.name:
            message = f"Provider {other.name} has the identifier {min(taken)} already."
            raise AwsError("InvalidParameterException", message)


def _forget(tx: Transaction, provider: PoolIdentityProvider) -> None:
    for client in tx.list(USER_POOL_CLIENT, (provider.pool_id,)):
        names = client.stored.get("SupportedIdentityProviders") or []
        if provider.name in names:
            left = [name for name in names if name != provider.name]
            stored = client.stored | {"SupportedIdentityProviders": left}
            new = replace(client, stored=stored)
            tx.update(USER_POOL_CLIENT, USER_POOL_CLIENT.key_of(client), lambda _, new=new: new)  # type: ignore[misc]


def _the_provider(call: OperationCall, request: Params) -> PoolIdentityProvider:
    pool, name = the_pool(call, request), request["ProviderName"]
    provider = call.tx.find(POOL_IDENTITY_PROVIDER, (pool.id, name))
    if provider is None:
        message = f"Identity provider {name} does not exist."
        raise AwsError("ResourceNotFoundException", message)
    return provider


def _description(provider: PoolIdentityProvider) -> Params:
    return {
        "ProviderName": provider.name,
        "ProviderType": provider.type,
        "CreationDate": provider.created_at,
        "LastModifiedDate": provider.modified_at,
    }


def _output(provider: PoolIdentityProvider) -> Params:
    """Write a provider; as at AWS with its client secret, and without Apple's private key."""
    details = dict(provider.details)
    if "client_secret" in provider.secrets:
        details["client_secret"] = provider.secrets["client_secret"].reveal()
    output = _description(provider) | {
        "UserPoolId": provider.pool_id,
        "ProviderDetails": details,
        "AttributeMapping": provider.mapping,
        "IdpIdentifiers": list(provider.identifiers),
    }
    return output | ({"AcrMapping": provider.acr_mapping} if provider.acr_mapping else {})
