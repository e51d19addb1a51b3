"""OpenID Connect providers that roles may trust."""

from datetime import datetime

from msgspec import Struct

from bargate.store.kind import Kind


class OidcProvider(Struct, frozen=True, kw_only=True):
    """An OIDC provider; `url` is without its scheme and names the provider in its ARN."""

    account_id: str
    url: str
    created_at: datetime
    partition: str = "aws"
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        """The ARN."""
        return f"arn:{self.partition}:iam::{self.account_id}:oidc-provider/{self.url}"


OIDC_PROVIDER: Kind[OidcProvider] = Kind(
    "iam_oidc_provider", OidcProvider, lambda each: (each.account_id, each.url)
)
