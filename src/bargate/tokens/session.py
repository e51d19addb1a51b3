"""Temporary credentials as sealed tokens: any process that has the keys can check them.

    Session ──seal──► opaque text (X-Amz-Security-Token) ──unseal──► Session | None

The token is AES-256-GCM under one of the installation's sealing keys; the access key id stands
in it, so that a token fits its own key alone.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from bargate.secret import Secret  # noqa: TC001  needed at run time: sessions are decoded


class Session(Struct, frozen=True, kw_only=True):
    """What temporary credentials stand for. Times are seconds since the epoch.

    `kind` says which STS action made it; `arn` is the session's own (assumed-role, federated-user,
    or the user's for GetSessionToken); `issuer_arn` and `issuer_id` are the role's (with path) or
    the user's (the account's for root). `policies` are the session policies as JSON text, None
    when none was passed. `tags` are the session's principal tags (a role's own come with the role).
    """

    kind: Literal["AssumeRole", "GetSessionToken", "GetFederationToken"]
    access_key_id: str
    secret: Secret
    account_id: str
    arn: str
    user_id: str
    issuer_arn: str
    issuer_id: str
    issued_at: int
    expires_at: int
    policies: tuple[str, ...] | None = None
    tags: dict[str, str] = {}
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    mfa_at: int | None = None
    chained: bool = False
    provider: str | None = None


class SealingKey(Struct, frozen=True, kw_only=True, tag="sealing"):
    """A key that seals sessions; `id` (1 to 8 ASCII characters) names it in the tokens it sealed.

    `key` is any text that nobody can guess; what seals is derived from it (`sealed`).
    """

    id: str
    key: Secret
