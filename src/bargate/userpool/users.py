"""Making, changing and deleting users: what sign-up, administrators, import and federation share.

All runs in the caller's transaction; whoever calls has held attributes and passwords against the
pool's rules before (`attributes`, `password_policy`).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_auth_event import POOL_AUTH_EVENT
from bargate.records.pool_code import POOL_CODE
from bargate.records.pool_device import POOL_DEVICE
from bargate.records.pool_group import POOL_MEMBERSHIP
from bargate.records.pool_identity_provider import POOL_IDENTITY
from bargate.records.pool_passkey import POOL_PASSKEY
from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.records.pool_user import (
    ALIASES,
    POOL_CREDENTIALS,
    POOL_USER,
    PoolCredentials,
    PoolUser,
    UserStatus,
    folded,
)
from bargate.records.user_pool import USER_POOL
from bargate.store.interface import AlreadyExists
from bargate.userpool.aliases import aliases_of, name_attribute, taken
from bargate.userpool.find import no_pool
from bargate.userpool.passwords import Proofs, new_credentials
from bargate.userpool.revocation import end_all
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Reader, Transaction
    from bargate.store.kind import Kind

# What belongs to one user, keyed (pool id, sub, …): it goes with them. A kind more is a line more.
OWNED: Final[tuple[Kind[Any], ...]] = (
    POOL_CREDENTIALS,
    POOL_CODE,
    POOL_DEVICE,
    POOL_AUTH_EVENT,
    POOL_PASSKEY,
    POOL_IDENTITY,
    REFRESH_FAMILY,
)


class Name(Struct, frozen=True, kw_only=True):
    """What a new user is called: `sub` is drawn, `username` is as given or, for an address, the sub.

    It is drawn before a password is hashed, since SRP's verifier holds the username.
    """

    sub: str
    username: str
    attribute: str | None
    given: str


def new_name(pool: UserPool, given: str, sub: str | None = None) -> Name:
    """Draw what a new user is called, but for a sub that is known; InvalidParameterException."""
    attribute = name_attribute(pool, given)
    sub = str(uuid.uuid4()) if sub is None else sub
    if attribute is not None:
        return Name(sub=sub, username=sub, attribute=attribute, given=given)
    username = folded(given, case_sensitive=pool.is_case_sensitive)
    return Name(sub=sub, username=username, attribute=None, given=given)


def with_name(name: Name, attributes: Mapping[str, str]) -> dict[str, str]:
    """Give a new user's attributes with the address that they are named by.

    Raises InvalidParameterException when another is given beside it.
    """
    if name.attribute is None:
        return dict(attributes)
    if attributes.get(name.attribute, name.given) != name.given:
        message = f"The {name.attribute} attribute must be the username."
        raise AwsError("InvalidParameterException", message)
    return {name.attribute: name.given, **attributes}


def new_user(
    pool: UserPool, name: Name, attributes: Mapping[str, str], status: UserStatus, now: datetime
) -> PoolUser:
    """Give a user who is not stored yet."""
    attributes = with_name(name, attributes)
    return PoolUser(
        pool_id=pool.id,
        sub=name.sub,
        username=name.username,
        case_sensitive=pool.is_case_sensitive,
        attributes=attributes,
        status=status,
        created_at=now,
        modified_at=now,
        aliases=aliases_of(pool, attributes),
    )


def create_user(
    tx: Transaction,
    pool: UserPool,
    user: PoolUser,
    proofs: Proofs | None,
    *,
    moves_aliases: bool = False,
) -> PoolUser:
    """Store a new user; raises UsernameExistsException, AliasExistsException.

    With `moves_aliases` (ForceAliasCreation) another user loses the address that both have.
    """
    if tx.find(USER_POOL, USER_POOL.key_of(pool)) is None:  # deleted while a password was hashed
        raise no_pool(pool.id)
    if moves_aliases:
        move_aliases(tx, pool, user)
    return add_user(tx, pool, user, proofs)


def add_user(tx: Transaction, pool: UserPool, user: PoolUser, proofs: Proofs | None) -> PoolUser:
    """Do as `create_user` for a pool that was read in this transaction."""
    _check_names(tx, pool, user, None)
    try:
        tx.create(POOL_USER, user)
    except AlreadyExists as error:
        raise taken(pool, error) from None
    if proofs is not None:
        tx.create(POOL_CREDENTIALS, new_credentials(user, proofs, user.created_at))
    return user


def update_user(
    tx: Transaction, pool: UserPool, user: PoolUser, change: Callable[[PoolUser], PoolUser]
) -> PoolUser:
    """Change a user as they are now; raises UsernameExistsException, AliasExistsException.

    The aliases follow from the attributes. Raises UserNotFoundException if they are gone.
    """

    def changed(old: PoolUser) -> PoolUser:
        new = change(old)
        return replace(new, aliases=aliases_of(pool, new.attributes))

    key = POOL_USER.key_of(user)
    current = tx.find(POOL_USER, key)
    if current is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    new = changed(current)
    _check_names(tx, pool, new, current)
    try:
        return tx.update(POOL_USER, key, lambda _: new)
    except AlreadyExists as error:
        raise taken(pool, error) from None


def _check_names(tx: Reader, pool: UserPool, new: PoolUser, old: PoolUser | None) -> None:
    """Refuse a username that is another's alias, and an alias that is another's username.

    INVARIANT: whatever is typed at sign-in leads to one user alone; no index can say that of two.
    Raises UsernameExistsException, AliasExistsException.
    """
    if old is None and "preferred_username" in pool.alias_attributes:
        name = folded(new.username, case_sensitive=new.case_sensitive)
        if tx.find_by(POOL_USER, "alias_preferred_username", (pool.id, name)) is not None:
            raise AwsError("UsernameExistsException", "User already exists")
    for name in new.aliases:
        value = new.attributes[name]
        if old is not None and name in old.aliases and old.attributes.get(name) == value:
            continue
        key = (pool.id, folded(value, case_sensitive=new.case_sensitive))
        other = tx.find_by(POOL_USER, "username", key)
        if other is not None and other.sub != new.sub:
            raise taken(pool, AlreadyExists(POOL_USER.name, key, f"alias_{name}"))


def put_credentials(
    tx: Transaction, user: PoolUser, change: Callable[[PoolCredentials], PoolCredentials]
) -> None:
    """Change a user's credentials as they are now, or make some."""
    key = (user.pool_id, user.sub)
    if tx.find(POOL_CREDENTIALS, key) is None:
        empty = PoolCredentials(pool_id=user.pool_id, sub=user.sub, changed_at=user.created_at)
        tx.create(POOL_CREDENTIALS, change(empty))
    else:
        tx.update(POOL_CREDENTIALS, key, change)


def delete_user(tx: Transaction, user: PoolUser) -> None:
    """Delete a user with all that is theirs."""
    key = (user.pool_id, user.sub)
    for kind in OWNED:
        for record in tx.list(kind, key):
            tx.delete(kind, kind.key_of(record))
    for member in tx.list_by(POOL_MEMBERSHIP, "user", key):
        tx.delete(POOL_MEMBERSHIP, POOL_MEMBERSHIP.key_of(member))
    end_all(tx, user, datetime.now(UTC))
    tx.delete(POOL_USER, key)


def sign_out(tx: Transaction, user: PoolUser, now: datetime) -> None:
    """End every session of a user: no token from before is taken any more."""
    for family in tx.list(REFRESH_FAMILY, (user.pool_id, user.sub)):
        tx.delete(REFRESH_FAMILY, REFRESH_FAMILY.key_of(family))
    tx.update(POOL_USER, POOL_USER.key_of(user), lambda old: replace(old, tokens_valid_from=now))
    end_all(tx, user, now)


def changed_attributes(
    old: Mapping[str, str], changes: Mapping[str, str], removed: tuple[str, ...] = ()
) -> dict[str, str]:
    """Give attributes with changes; another address is not verified unless that is said, too."""
    new = dict(old) | dict(changes)
    for name in ("email", "phone_number"):
        flag = f"{name}_verified"
        if name in changes and changes[name] != old.get(name) and flag not in changes:
            new[flag] = "false"
        if name in removed:
            new.pop(flag, None)
    return {name: value for name, value in new.items() if name not in removed and value != ""}


def move_aliases(tx: Transaction, pool: UserPool, user: PoolUser) -> None:
    """Take the aliases of a user from whoever else has them (ForceAliasCreation)."""
    for name in ALIASES:
        if name not in user.aliases or name in pool.username_attributes:
            continue
        value = folded(user.attributes[name], case_sensitive=user.case_sensitive)
        other = tx.find_by(POOL_USER, f"alias_{name}", (pool.id, value))
        if other is not None and other.sub != user.sub:
            update_user(tx, pool, other, _without_alias(name))


def _without_alias(name: str) -> Callable[[PoolUser], PoolUser]:
    def change(user: PoolUser) -> PoolUser:
        attributes = dict(user.attributes)
        if name == "preferred_username":
            attributes.pop(name, None)
        else:
            attributes[f"{name}_verified"] = "false"
        return replace(user, attributes=attributes)

    return change
