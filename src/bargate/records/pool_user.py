"""Users of user pools, and apart from them what they prove themselves by.

A profile holds no secret, so that listing a million of them unseals nothing; the credentials are
read by key, and only to check or to change them.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind

UserStatus = Literal[
    "UNCONFIRMED",
    "CONFIRMED",
    "FORCE_CHANGE_PASSWORD",
    "RESET_REQUIRED",
    "EXTERNAL_PROVIDER",
    "ARCHIVED",
    "COMPROMISED",
    "UNKNOWN",
]
MfaKind = Literal["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]


class LinkedIdentity(Struct, frozen=True, kw_only=True):
    """An identity elsewhere that leads to this user (AdminLinkProviderForUser, federation).

    `user_id` is the value of `attribute` there.
    """

    provider_name: str
    provider_type: str
    user_id: str
    attribute: str = "Cognito_Subject"
    issuer: str | None = None
    is_primary: bool = False
    linked_at: datetime


class PoolUser(Struct, frozen=True, kw_only=True):
    """A user. `sub` never changes and is what everything else refers to; neither does `username`.

    `attributes` leave `sub` out; values are texts. `aliases` names the attributes that lead to the
    user at sign-in (`userpool.aliases` says when). `pending` are attribute values that wait for
    their verification. Tokens issued before `tokens_valid_from` are refused (sign-out, disabling).
    `temporary_until` is when a temporary password ends. `passkey_mfa` is whether a passkey may be all
    that MFA wants (WebAuthnMfaSettings). `self_confirmed_at` is when they confirmed their own
    sign-up by a code, None as soon as they signed in.
    """

    pool_id: str
    sub: str
    username: str
    case_sensitive: bool
    attributes: dict[str, str]
    status: UserStatus
    enabled: bool = True
    created_at: datetime
    modified_at: datetime
    aliases: tuple[str, ...] = ()
    pending: dict[str, str] = {}
    mfa: tuple[MfaKind, ...] = ()
    preferred_mfa: MfaKind | None = None
    passkey_mfa: bool = False
    mfa_options: tuple[dict[str, str], ...] = ()
    temporary_until: datetime | None = None
    tokens_valid_from: datetime | None = None
    self_confirmed_at: datetime | None = None
    identities: tuple[LinkedIdentity, ...] = ()


class PoolCredentials(Struct, frozen=True, kw_only=True):
    """What a user proves themself by; all of it belongs to one password but for the TOTP seed.

    `hash` says by itself how it was made (argon2id, or another's that was imported). `salt` and
    `verifier` (hex) are SRP's, absent until a password is known in clear once. `former` are hashes
    before it, newest first. `changed_at` ends proofs that were begun with another password.
    `totp_seed` is Base32; `totp_step` the latest time step whose code was taken; `totp_pending` a
    seed that becomes the user's with its first code.
    """

    pool_id: str
    sub: str
    changed_at: datetime
    hash: Secret | None = None
    salt: str | None = None
    verifier: Secret | None = None
    former: tuple[Secret, ...] = ()
    totp_seed: Secret | None = None
    totp_pending: Secret | None = None
    totp_name: str | None = None
    totp_step: int = -1


def folded(text: str, *, case_sensitive: bool) -> str:
    """Give the form in which names are compared."""
    return text if case_sensitive else text.lower()


def _username(user: PoolUser) -> tuple[str, ...]:
    return (user.pool_id, folded(user.username, case_sensitive=user.case_sensitive))


def _alias(name: str) -> Index:
    """Make the index of those who may sign in by an attribute: nobody shares a value."""

    def key_of(user: PoolUser) -> tuple[str, ...] | None:
        value = user.attributes.get(name)
        if name not in user.aliases or value is None:
            return None
        return (user.pool_id, folded(value, case_sensitive=user.case_sensitive))

    return Index(f"alias_{name}", key_of, unique=True)


def _attribute(name: str) -> Index:
    def key_of(user: PoolUser) -> tuple[str, ...] | None:
        value = user.attributes.get(name)
        return None if value is None else (user.pool_id, value)

    return Index(name, key_of)


ALIASES = ("email", "phone_number", "preferred_username")
# AWS [M] ListUsers: the attributes that can be searched, besides username, sub and the statuses
SEARCHED = ("email", "phone_number", "name", "given_name", "family_name", "preferred_username")

POOL_USER: Kind[PoolUser] = Kind(
    "pool_user",
    PoolUser,
    lambda user: (user.pool_id, user.sub),
    (
        Index("username", _username, unique=True),
        Index("exact_username", lambda user: (user.pool_id, user.username)),
        *(_alias(name) for name in ALIASES),
        *(_attribute(name) for name in SEARCHED),
        Index("user_status", lambda user: (user.pool_id, user.status)),
        Index("disabled", lambda user: None if user.enabled else (user.pool_id,)),
    ),
)

POOL_CREDENTIALS: Kind[PoolCredentials] = Kind(
    "pool_credentials", PoolCredentials, lambda each: (each.pool_id, each.sub)
)
