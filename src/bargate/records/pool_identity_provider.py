"""Identity providers that a user pool trusts, and which of their identities lead to whom."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind

ProviderType = Literal["SAML", "Facebook", "Google", "LoginWithAmazon", "SignInWithApple", "OIDC"]
SUBJECT = "Cognito_Subject"


class PoolIdentityProvider(Struct, frozen=True, kw_only=True):
    """A provider. `details` and `mapping` are AWS's; `secrets` are the details nobody may read."""

    pool_id: str
    name: str
    type: ProviderType
    details: dict[str, str]
    secrets: dict[str, Secret] = {}
    mapping: dict[str, str] = {}
    identifiers: tuple[str, ...] = ()
    acr_mapping: dict[str, str] = {}
    created_at: datetime
    modified_at: datetime


class PoolIdentity(Struct, frozen=True, kw_only=True):
    """An identity elsewhere that leads to a user, known by one attribute that the provider tells."""

    pool_id: str
    sub: str
    provider: str
    attribute: str
    value: str


POOL_IDENTITY_PROVIDER: Kind[PoolIdentityProvider] = Kind(
    "pool_identity_provider", PoolIdentityProvider, lambda each: (each.pool_id, each.name)
)

# INVARIANT: an identity leads to one user alone.
POOL_IDENTITY: Kind[PoolIdentity] = Kind(
    "pool_identity",
    PoolIdentity,
    lambda each: (each.pool_id, each.sub, each.provider, each.attribute, each.value),
    (
        Index(
            "identity",
            lambda each: (each.pool_id, each.provider, each.attribute, each.value),
            unique=True,
        ),
    ),
)
