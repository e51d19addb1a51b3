"""SAML providers."""

import re
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec import structs

from bargate.identity.find import iam_arn
from bargate.identity.unique_id import random_id
from bargate.records.saml_provider import SAML_PROVIDER, SamlPrivateKey, SamlProvider
from bargate.secret import Secret
from bargate.services.iam.documents import tag_list
from bargate.services.iam.errors import (
    already_exists,
    invalid_input,
    limit_exceeded,
    no_such_entity,
    validation_error,
)
from bargate.services.iam.saml_metadata import (
    MIN_CHARACTERS,
    MalformedMetadata,
    SamlMetadata,
    parse_metadata,
)
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation

MAX_PROVIDERS = 100
MAX_PRIVATE_KEYS = 2
_VALID = timedelta(days=36_500)  # AWS [O]: a hundred years when the metadata does not say
_ID_CHARACTERS = 24
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")


@operation(writes=True)
def create_saml_provider(call: OperationCall, request: Params) -> Params:
    """Make a provider from its metadata."""
    name: str = request["Name"]
    if not _NAME.fullmatch(name):
        raise validation_error("The specified value for name is invalid.")
    metadata: str = request["SAMLMetadataDocument"]
    read = _read(metadata)
    provider = SamlProvider(
        account_id=call.account_id,
        name=name,
        uuid=random_id(_ID_CHARACTERS),
        metadata=metadata,
        entity_id=read.entity_id,
        created_at=call.now,
        valid_until=_valid_until(read, call.now),
        partition=call.partition,
        tags=new_tags(request),
    )
    provider = _with_keys(call, provider, request)
    if call.tx.find(SAML_PROVIDER, SAML_PROVIDER.key_of(provider)) is not None:
        raise already_exists(f"SAMLProvider with name {name} already exists.")
    if call.tx.count(SAML_PROVIDER, (call.account_id,)) >= MAX_PROVIDERS:
        raise limit_exceeded("SAMLProvidersPerAccount", MAX_PROVIDERS)
    call.tx.create(SAML_PROVIDER, provider)
    return {"SAMLProviderArn": provider.arn, "Tags": tag_list(provider.tags)}


@operation()
def get_saml_provider(call: OperationCall, request: Params) -> Params:
    """Give a provider with its metadata."""
    provider = the_saml_provider(call, request["SAMLProviderArn"])
    shape: Params = {
        "SAMLProviderUUID": provider.uuid,
        "SAMLMetadataDocument": provider.metadata,
        "CreateDate": provider.created_at,
        "ValidUntil": provider.valid_until,
        "Tags": tag_list(provider.tags),
    }
    if provider.assertion_encryption_mode is not None:
        shape["AssertionEncryptionMode"] = provider.assertion_encryption_mode
    if provider.private_keys:
        shape["PrivateKeyList"] = [
            {"KeyId": key.id, "Timestamp": key.added_at} for key in provider.private_keys
        ]
    return shape


@operation()
def list_saml_providers(call: OperationCall, _request: Params) -> Params:
    """List providers."""
    providers = call.tx.list(SAML_PROVIDER, (call.account_id,), limit=MAX_PROVIDERS)
    return {
        "SAMLProviderList": [
            {"Arn": each.arn, "ValidUntil": each.valid_until, "CreateDate": each.created_at}
            for each in providers
        ]
    }


@operation(writes=True)
def update_saml_provider(call: OperationCall, request: Params) -> Params:
    """Replace a provider's metadata, or change its keys."""
    provider = the_saml_provider(call, request["SAMLProviderArn"])
    metadata = request.get("SAMLMetadataDocument")
    if metadata is not None:
        read = _read(metadata)
        provider = structs.replace(
            provider,
            metadata=metadata,
            entity_id=read.entity_id,
            valid_until=_valid_until(read, call.now),
        )
    provider = _with_keys(call, provider, request)
    call.tx.update(SAML_PROVIDER, SAML_PROVIDER.key_of(provider), lambda _: provider)
    return {"SAMLProviderArn": provider.arn}


@operation(writes=True)
def delete_saml_provider(call: OperationCall, request: Params) -> Params:
    """Delete a provider."""
    provider = the_saml_provider(call, request["SAMLProviderArn"])
    call.tx.delete(SAML_PROVIDER, SAML_PROVIDER.key_of(provider))
    return {}


def the_saml_provider(call: OperationCall, arn: str) -> SamlProvider:
    """Find a provider of the caller's account. Raises AwsError."""
    parsed = iam_arn(arn)
    if parsed is None or not parsed.resource.startswith("saml-provider/"):
        raise invalid_input(f"Invalid ARN: {arn}")
    name = parsed.resource.removeprefix("saml-provider/")
    provider = call.tx.find(SAML_PROVIDER, (call.account_id, name.lower()))
    if provider is None or provider.arn != arn:
        raise no_such_entity(f"Manifest not found for arn {arn}")
    return provider


def _read(metadata: str) -> SamlMetadata:
    if len(metadata) < MIN_CHARACTERS:
        raise validation_error(
            "1 validation error detected: Value at 'sAMLMetadataDocument' failed to satisfy"
            f" constraint: Member must have length greater than or equal to {MIN_CHARACTERS}"
        )
    try:
        return parse_metadata(metadata)
    except MalformedMetadata as error:
        raise invalid_input("Could not parse metadata") from error


def _valid_until(read: SamlMetadata, now: datetime) -> datetime:
    return read.valid_until or now + _VALID


def _with_keys(call: OperationCall, provider: SamlProvider, request: Params) -> SamlProvider:
    changes: dict[str, Any] = {}
    keys = provider.private_keys
    removed = request.get("RemovePrivateKey")
    if removed is not None:
        kept = tuple(key for key in keys if key.id != removed)
        if len(kept) == len(keys):
            raise no_such_entity(f"The private key {removed} cannot be found.")
        keys = kept
    added = request.get("AddPrivateKey")
    if added is not None:
        keys = (*keys, _private_key(added, call.now))
    if len(keys) > MAX_PRIVATE_KEYS:
        raise limit_exceeded("PrivateKeysPerSAMLProvider", MAX_PRIVATE_KEYS)
    mode = request.get("AssertionEncryptionMode") or provider.assertion_encryption_mode
    if mode == "Required" and not keys:
        raise invalid_input("AssertionEncryptionMode Required needs a private key.")
    changes["private_keys"] = keys
    changes["assertion_encryption_mode"] = mode
    return structs.replace(provider, **changes)


def _private_key(pem: str, now: datetime) -> SamlPrivateKey:
    # Imported here: 20 ms that a start need not wait for.
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(pem.encode("utf-8"), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise invalid_input("The private key is not an unencrypted PEM key.") from error
    if not isinstance(key, RSAPrivateKey):
        raise invalid_input("The private key is not an RSA key.")
    return SamlPrivateKey(id=random_id(_ID_CHARACTERS), key=Secret(pem), added_at=now)
