"""Identities elsewhere that lead to users: who is linked, and who may not use a password.

    PoolIdentity       (provider, attribute, value) ──► sub, what federation will ask
    PoolUser.identities   the same, as tokens and administrators read it

Both are written in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_identity_provider import (
    POOL_IDENTITY,
    POOL_IDENTITY_PROVIDER,
    SUBJECT,
    PoolIdentity,
    PoolIdentityProvider,
)
from bargate.records.pool_user import POOL_USER, LinkedIdentity, PoolUser, folded
from bargate.userpool.identity_providers import LOCAL, SOCIAL
from bargate.userpool.users import put_credentials, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction

MAX_IDENTITIES: Final = 5  # AWS [M] AdminLinkProviderForUser
MAX_VALUE: Final = 2_048  # AWS [D] cognito-userpools §10


class Named(Struct, frozen=True):
    """An identity as an administrator names it."""

    provider: str
    attribute: str
    value: str

    @property
    def is_local(self) -> bool:
        """Whether it is the pool's own (AWS [M]: `Cognito`)."""
        return self.provider.upper() == LOCAL


def named(given: Mapping[str, str], member: str) -> Named:
    """Read an identity; raises InvalidParameterException unless it names somebody."""
    provider = given.get("ProviderName") or ""
    value = given.get("ProviderAttributeValue") or ""
    attribute = given.get("ProviderAttributeName") or ""
    if not provider or not value:
        message = f"{member} must have ProviderName and ProviderAttributeValue."
        raise _invalid(message)
    if len(value) > MAX_VALUE or len(attribute) > MAX_VALUE:
        raise _invalid(f"{member} must have at most {MAX_VALUE} characters.")
    return Named(provider, attribute, value)


def link(tx: Transaction, pool: UserPool, destination: Named, source: Named, now: datetime) -> None:
    """Let an identity that never signed in lead to a user; raises AwsError."""
    provider = _provider(tx, pool, source)
    _check_attribute(provider, source)
    user = _destination(tx, pool, destination)
    if source.attribute == SUBJECT and _by_username(tx, pool, f"{source.provider}_{source.value}"):
        message = "Merging is not currently supported, provide a SourceUser that has not signed in."
        raise _invalid(message)
    if _linked(tx, pool, source) is not None:
        raise _invalid("SourceUser is already linked to a user.")
    if len(user.identities) >= MAX_IDENTITIES:
        message = f"A user is linked to at most {MAX_IDENTITIES} identities."
        raise AwsError("LimitExceededException", message)
    tx.create(POOL_IDENTITY, _record(user, source))
    identity = LinkedIdentity(
        provider_name=provider.name,
        provider_type=provider.type,
        user_id=source.value,
        attribute=source.attribute,
        issuer=provider.details.get("oidc_issuer"),
        linked_at=now,
    )
    _put(tx, pool, user, (*user.identities, identity), now)


def disable(tx: Transaction, pool: UserPool, who: Named, now: datetime) -> None:
    """End a link; of the pool's own user, end their password. Raises AwsError.

    What was linked can be ended when its provider is gone, too.
    """
    if who.is_local:
        _disable_password(tx, pool, who, now)
        return
    linked = _linked(tx, pool, who)
    user = None if linked is None else tx.find(POOL_USER, (pool.id, linked.sub))
    if linked is None or user is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    tx.delete(POOL_IDENTITY, POOL_IDENTITY.key_of(linked))
    gone = (who.provider, who.attribute, who.value)
    left = (
        each
        for each in user.identities
        if (each.provider_name, each.attribute, each.user_id) != gone
    )
    _put(tx, pool, user, tuple(left), now)


def _disable_password(tx: Transaction, pool: UserPool, who: Named, now: datetime) -> None:
    """AWS [M]: they cannot use their password any more; [I] nor get a new one by themselves."""
    if who.attribute != SUBJECT:
        raise _invalid(f"ProviderAttributeName must be {SUBJECT}.")
    user = _known(_by_username(tx, pool, who.value))
    put_credentials(
        tx, user, lambda old: replace(old, hash=None, salt=None, verifier=None, changed_at=now)
    )
    update_user(
        tx, pool, user, lambda old: replace(old, status="EXTERNAL_PROVIDER", modified_at=now)
    )


def _provider(tx: Reader, pool: UserPool, source: Named) -> PoolIdentityProvider:
    if source.is_local:
        raise _invalid("SourceUser must be of an identity provider, not of the user pool.")
    provider = tx.find(POOL_IDENTITY_PROVIDER, (pool.id, source.provider))
    if provider is None:
        message = f"The provider {source.provider} does not exist for User Pool {pool.id}"
        raise _invalid(message)
    return provider


def _check_attribute(provider: PoolIdentityProvider, source: Named) -> None:
    """AWS [M]: the subject, or with OIDC and SAML an attribute that the provider fills."""
    if source.attribute == SUBJECT:
        return
    if provider.type in SOCIAL:
        raise _invalid(f"ProviderAttributeName must be {SUBJECT} for {provider.name}.")
    if source.attribute not in provider.mapping:
        message = f"{provider.name} maps no claim to the attribute {source.attribute[:64]}."
        raise _invalid(message)


def _destination(tx: Reader, pool: UserPool, named: Named) -> PoolUser:
    if named.is_local:
        return _known(_by_username(tx, pool, named.value))
    linked = _linked(tx, pool, Named(named.provider, SUBJECT, named.value))
    if linked is not None:
        return _known(tx.find(POOL_USER, (pool.id, linked.sub)))
    return _known(_by_username(tx, pool, f"{named.provider}_{named.value}"))


def _by_username(tx: Reader, pool: UserPool, name: str) -> PoolUser | None:
    """Find a user by their username alone: an alias can change hands."""
    key = (pool.id, folded(name, case_sensitive=pool.is_case_sensitive))
    return tx.find_by(POOL_USER, "username", key)


def _known(user: PoolUser | None) -> PoolUser:
    if user is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    return user


def _linked(tx: Reader, pool: UserPool, who: Named) -> PoolIdentity | None:
    key = (pool.id, who.provider, who.attribute, who.value)
    return tx.find_by(POOL_IDENTITY, "identity", key)


def _record(user: PoolUser, source: Named) -> PoolIdentity:
    return PoolIdentity(
        pool_id=user.pool_id,
        sub=user.sub,
        provider=source.provider,
        attribute=source.attribute,
        value=source.value,
    )


def _put(
    tx: Transaction,
    pool: UserPool,
    user: PoolUser,
    identities: tuple[LinkedIdentity, ...],
    now: datetime,
) -> None:
    update_user(tx, pool, user, lambda old: replace(old, identities=identities, modified_at=now))


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)
