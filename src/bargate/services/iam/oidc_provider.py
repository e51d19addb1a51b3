"""OpenID Connect providers."""

import re
from collections.abc import Sequence

from msgspec import structs

from bargate.identity.find import iam_arn
from bargate.records.oidc_provider import OIDC_PROVIDER, OidcProvider
from bargate.services.iam.documents import tag_list
from bargate.services.iam.errors import (
    already_exists,
    invalid_input,
    limit_exceeded,
    no_such_entity,
    validation_error,
)
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation

MAX_PROVIDERS = 100
MAX_CLIENT_IDS = 100
MAX_THUMBPRINTS = 5
_MAX_URL = 255
# AWS [D]: https, no query, no port.
_URL = re.compile(
    r"https://([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?:/[A-Za-z0-9._~%!$&'()*+,;=@/-]*)?)"
)
_THUMBPRINT = re.compile(r"[0-9A-Fa-f]{40}")
_CLIENT_ID = re.compile(r"[\x20-\x7e]{1,255}")


@operation(writes=True)
def create_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Make a provider. Nothing is fetched: without thumbprints it has none."""
    provider = OidcProvider(
        account_id=call.account_id,
        url=_checked_url(request["Url"]),
        created_at=call.now,
        partition=call.partition,
        client_ids=_checked_client_ids(request.get("ClientIDList") or ()),
        thumbprints=_checked_thumbprints(request.get("ThumbprintList") or ()),
        tags=new_tags(request),
    )
    if call.tx.find(OIDC_PROVIDER, OIDC_PROVIDER.key_of(provider)) is not None:
        raise already_exists(f"Provider with url https://{provider.url} already exists.")
    if call.tx.count(OIDC_PROVIDER, (call.account_id,)) >= MAX_PROVIDERS:
        raise limit_exceeded("OpenIdConnectProvidersPerAccount", MAX_PROVIDERS)
    call.tx.create(OIDC_PROVIDER, provider)
    return {"OpenIDConnectProviderArn": provider.arn, "Tags": tag_list(provider.tags)}


@operation()
def get_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Give a provider."""
    provider = the_oidc_provider(call, request["OpenIDConnectProviderArn"])
    return {
        "Url": provider.url,
        "ClientIDList": list(provider.client_ids),
        "ThumbprintList": list(provider.thumbprints),
        "CreateDate": provider.created_at,
        "Tags": tag_list(provider.tags),
    }


@operation()
def list_open_id_connect_providers(call: OperationCall, _request: Params) -> Params:
    """List providers."""
    providers = call.tx.list(OIDC_PROVIDER, (call.account_id,), limit=MAX_PROVIDERS)
    return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in providers]}


@operation(writes=True)
def delete_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Delete a provider."""
    provider = the_oidc_provider(call, request["OpenIDConnectProviderArn"])
    call.tx.delete(OIDC_PROVIDER, OIDC_PROVIDER.key_of(provider))
    return {}


@operation(writes=True)
def add_client_id_to_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Add an audience; one that is there already changes nothing."""
    provider = the_oidc_provider(call, request["OpenIDConnectProviderArn"])
    ids = _checked_client_ids((*provider.client_ids, request["ClientID"]))
    _update(call, structs.replace(provider, client_ids=ids))
    return {}


@operation(writes=True)
def remove_client_id_from_open_id_connect_provider(call: OperationCall, request: Params) -> Params:
    """Remove an audience; one that is not there changes nothing."""
    provider = the_oidc_provider(call, request["OpenIDConnectProviderArn"])
    ids = tuple(each for each in provider.client_ids if each != request["ClientID"])
    _update(call, structs.replace(provider, client_ids=ids))
    return {}


@operation(writes=True)
def update_open_id_connect_provider_thumbprint(call: OperationCall, request: Params) -> Params:
    """Replace the thumbprints."""
    provider = the_oidc_provider(call, request["OpenIDConnectProviderArn"])
    thumbprints = _checked_thumbprints(request["ThumbprintList"])
    _update(call, structs.replace(provider, thumbprints=thumbprints))
    return {}


def the_oidc_provider(call: OperationCall, arn: str) -> OidcProvider:
    """Find a provider of the caller's account. Raises AwsError."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("oidc-provider/"):
        raise invalid_input(f"Invalid ARN: {arn}")
    url = parsed.resource.removeprefix("oidc-provider/")
    provider = call.tx.find(OIDC_PROVIDER, (call.account_id, url))
    if provider is None or provider.arn != arn:
        raise no_such_entity(f"OpenIDConnect Provider not found for arn {arn}")
    return provider


def _update(call: OperationCall, provider: OidcProvider) -> None:
    call.tx.update(OIDC_PROVIDER, OIDC_PROVIDER.key_of(provider), lambda _: provider)


def _checked_url(url: str) -> str:
    found = _URL.fullmatch(url) if len(url) <= _MAX_URL else None
    if found is None:
        raise validation_error("Invalid Open ID Connect Provider URL")
    return found[1].rstrip("/")


def _checked_client_ids(given: Sequence[str]) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(given))
    if len(ids) > MAX_CLIENT_IDS:
        raise limit_exceeded("ClientIdsPerOpenIdConnectProvider", MAX_CLIENT_IDS)
    if not all(map(_CLIENT_ID.fullmatch, ids)):
        raise invalid_input("Invalid client id.")
    return ids


def _checked_thumbprints(given: Sequence[str]) -> tuple[str, ...]:
    if len(given) > MAX_THUMBPRINTS:
        raise invalid_input(f"Thumbprint list must contain fewer than {MAX_THUMBPRINTS} entries.")
    if not all(map(_THUMBPRINT.fullmatch, given)):
        raise invalid_input("A thumbprint must be 40 hexadecimal digits.")
    return tuple(given)
