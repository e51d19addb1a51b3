"""API keys (`apigateway`)."""

import hashlib
from datetime import datetime

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key that callers send as `x-api-key`; `value` never changes."""

    account_id: str
    region: str
    id: str
    value: Secret
    name: str | None = None
    description: str | None = None
    customer_id: str | None = None
    enabled: bool = False
    created_date: datetime
    last_updated_date: datetime
    tags: dict[str, str] = {}


def value_digest(value: str) -> str:
    """Give what a key's value is found by: its SHA-256, so that no index holds the value itself."""
    return hashlib.sha256(value.encode()).hexdigest()


def _by_customer(record: ApiKey) -> tuple[str, ...] | None:
    if record.customer_id is None:
        return None
    return (record.account_id, record.region, record.customer_id)


# AWS [R] apigw-objects §1: a value is unique per account and Region
API_KEY = Kind(
    "api_key",
    ApiKey,
    lambda record: (record.account_id, record.region, record.id),
    indexes=(
        Index(
            "value",
            lambda record: (record.account_id, record.region, value_digest(record.value.reveal())),
            unique=True,
        ),
        Index("name", lambda record: (record.account_id, record.region, record.name or "")),
        Index("customer", _by_customer),
    ),
)


class KnownKey(Struct, frozen=True, kw_only=True):
    """What a key is recognised by, beside its record: nothing of it is sealed, so it is read quickly."""

    account_id: str
    region: str
    id: str
    digest: str
    enabled: bool


KNOWN_KEY = Kind(
    "known_api_key", KnownKey, lambda record: (record.account_id, record.region, record.id)
)


def known_key(record: ApiKey) -> KnownKey:
    """Give what a key is recognised by. INVARIANT: whoever writes the one writes the other."""
    return KnownKey(
        account_id=record.account_id,
        region=record.region,
        id=record.id,
        digest=value_digest(record.value.reveal()),
        enabled=record.enabled,
    )
