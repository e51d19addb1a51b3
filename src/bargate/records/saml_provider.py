"""SAML 2.0 providers that roles may trust."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Kind


class SamlPrivateKey(Struct, frozen=True, kw_only=True):
    """A key that decrypts a provider's assertions."""

    id: str
    key: Secret
    added_at: datetime


class SamlProvider(Struct, frozen=True, kw_only=True):
    """A SAML provider; `entity_id` and `valid_until` were read from its metadata."""

    account_id: str
    name: str
    uuid: str
    metadata: str
    entity_id: str
    created_at: datetime
    valid_until: datetime
    partition: str = "aws"
    assertion_encryption_mode: Literal["Required", "Allowed"] | None = None
    private_keys: tuple[SamlPrivateKey, ...] = ()
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:{self.partition}:iam::{self.account_id}:saml-provider/{self.name}"


SAML_PROVIDER: Kind[SamlProvider] = Kind(
    "iam_saml_provider", SamlProvider, lambda each: (each.account_id, each.name.lower())
)
