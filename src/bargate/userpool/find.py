"""Who is who: pools, clients, and users by the names that lead to them.

`Sought` keeps apart what was looked for and what was found, so that flows treat users who do not
exist as those who do until the very end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.records.pool_user import POOL_CREDENTIALS, POOL_USER, PoolCredentials, folded
from bargate.records.user_pool import USER_POOL
from bargate.records.user_pool_client import USER_POOL_CLIENT
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_passkey import PoolPasskey
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.records.user_pool_client import UserPoolClient
    from bargate.store.interface import Reader


def the_pool(tx: Reader, pool_id: str, account_id: str, region: str) -> UserPool:
    """Give a pool of an account and region; raises ResourceNotFoundException."""
    pool = tx.find(USER_POOL, (account_id, region, pool_id))
    if pool is None:
        raise no_pool(pool_id)
    return pool


def pool_of_id(tx: Reader, pool_id: str) -> UserPool:
    """Give a pool of any account, for its users; raises ResourceNotFoundException."""
    pool = tx.find_by(USER_POOL, "id", (pool_id,))
    if pool is None:
        raise no_pool(pool_id)
    return pool


def the_client(tx: Reader, client_id: str, pool: UserPool | None = None) -> UserPoolClient:
    """Give a client (of a pool, if one is named); raises ResourceNotFoundException."""
    if pool is None:
        client = tx.find_by(USER_POOL_CLIENT, "id", (client_id,))
    else:
        client = tx.find(USER_POOL_CLIENT, (pool.id, client_id))
    if client is None:
        message = f"User pool client {client_id} does not exist."
        raise AwsError("ResourceNotFoundException", message)
    return client


def find_user(tx: Reader, pool: UserPool, name: str) -> PoolUser | None:
    """Find the user whom a name leads to at sign-in: their username, then an alias."""
    key = (pool.id, folded(name, case_sensitive=pool.is_case_sensitive))
    found = tx.find_by(POOL_USER, "username", key)
    names = (*pool.username_attributes, *pool.alias_attributes)
    # Addresses are proven, a preferred name is not: chosen to look like one, it leads nowhere.
    for attribute in sorted(names, key="preferred_username".__eq__):
        if found is None:
            found = tx.find_by(POOL_USER, f"alias_{attribute}", key)
    return found


def the_user(tx: Reader, pool: UserPool, name: str) -> PoolUser:
    """Give the user whom an administrator means (AWS [M]: their sub, too); UserNotFoundException.

    The sub comes first: nobody chooses theirs, but somebody may sign up under another's.
    """
    user = tx.find(POOL_USER, (pool.id, name)) or find_user(tx, pool, name)
    if user is None:
        raise AwsError("UserNotFoundException", "User does not exist.")
    return user


def user_of(tx: Reader, pool: UserPool, sub: str | None) -> PoolUser:
    """Give the user whose sign-in goes on; raises NotAuthorizedException when they are gone."""
    user = None if sub is None else tx.find(POOL_USER, (pool.id, sub))
    if user is None:
        raise wrong_password()
    return user


def credentials_of(tx: Reader, user: PoolUser) -> PoolCredentials:
    """Give a user's credentials; of one who has none, empty ones."""
    found = tx.find(POOL_CREDENTIALS, (user.pool_id, user.sub))
    if found is None:
        return PoolCredentials(pool_id=user.pool_id, sub=user.sub, changed_at=user.created_at)
    return found


class Sought(Struct, frozen=True, kw_only=True):
    """A user as somebody named them: found, or not. `passkeys` are read for USER_AUTH alone."""

    name: str
    user: PoolUser | None
    credentials: PoolCredentials | None
    passkeys: tuple[PoolPasskey, ...] = ()

    @property
    def lock_name(self) -> str:
        """What failures are counted by: the user, whichever of their names was given."""
        return self.name if self.user is None else self.user.sub

    @property
    def password_of(self) -> datetime | None:
        """When the password that is known of them was set."""
        return None if self.credentials is None else self.credentials.changed_at


def seek(tx: Reader, pool: UserPool, name: str) -> Sought:
    """Look for a user and their credentials."""
    user = find_user(tx, pool, name)
    found = None if user is None else credentials_of(tx, user)
    name = folded(name, case_sensitive=pool.is_case_sensitive)
    return Sought(name=name, user=user, credentials=found)


def refuse_unknown(client: UserPoolClient) -> AwsError:
    """Give the refusal of a user who does not exist, or whose password was wrong, at sign-in."""
    if client.hides_users:
        return wrong_password()
    return AwsError("UserNotFoundException", "User does not exist.")


def wrong_password() -> AwsError:
    """Give the refusal of a wrong password."""
    return AwsError("NotAuthorizedException", "Incorrect username or password.")


def no_pool(pool_id: str) -> AwsError:
    """Give the refusal of a pool that does not exist."""
    return AwsError("ResourceNotFoundException", f"User pool {pool_id} does not exist.")
