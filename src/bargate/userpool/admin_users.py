"""What administrators do with users that waits: creating them, and setting passwords."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER
from bargate.userpool.attributes import check_new
from bargate.userpool.find import credentials_of, the_user
from bargate.userpool.invitations import invite
from bargate.userpool.password_policy import check_password, draw_password
from bargate.userpool.passwords import check_history, with_password
from bargate.userpool.pools import Pools, TriggerCall
from bargate.userpool.users import (
    create_user,
    new_name,
    new_user,
    put_credentials,
    update_user,
    with_name,
)
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction

_PASSWORDLESS = frozenset({"EMAIL_OTP", "SMS_OTP"})


class NewUser(Struct, frozen=True, kw_only=True):
    """What AdminCreateUser says; `message` is RESEND, SUPPRESS or None."""

    pool: UserPool
    username: str
    attributes: dict[str, str]
    password: str | None = None
    message: str | None = None
    media: tuple[str, ...] = ("SMS",)
    moves_aliases: bool = False
    validation: Mapping[str, str] = {}
    metadata: Mapping[str, str] = {}
    now: datetime

    def __repr__(self) -> str:
        return f"NewUser({self.pool.id})"


async def admin_create_user(pools: Pools, new: NewUser) -> PoolUser:
    """Create a user with a temporary password, and invite them; raises AwsError."""
    if new.message == "RESEND":
        return await _invite_again(pools, new)
    pool = new.pool
    name = new_name(pool, new.username)
    attributes = with_name(name, new.attributes)
    check_new(pool, attributes, by_admin=True)
    password = _temporary_password(new)
    user = new_user(pool, name, attributes, "FORCE_CHANGE_PASSWORD", new.now)
    await _ask_trigger(pools, new, user)
    if password is None:  # AWS [R] cognito-userpools §8
        user = replace(user, status="CONFIRMED")
        proofs = None
    else:
        user = replace(user, temporary_until=_temporary_until(new))
        proofs = await pools.hasher.proofs(pool, user.username, password)
    stored = await pools.store.submit(
        lambda tx: create_user(tx, pool, user, proofs, moves_aliases=new.moves_aliases)
    )
    if new.message != "SUPPRESS" and password is not None:
        await invite(pools, pool, stored, password, new.media)
    return stored


def _temporary_password(new: NewUser) -> str | None:
    if new.password:
        check_password(new.pool.password_policy, new.password)
        return new.password
    if _PASSWORDLESS & set(new.pool.first_factors):
        return None
    return draw_password(new.pool.password_policy)


def _temporary_until(new: NewUser) -> datetime:
    return new.now + timedelta(days=new.pool.password_policy.temporary_validity_days)


async def _ask_trigger(pools: Pools, new: NewUser, user: PoolUser) -> None:
    await pools.triggers.run(
        TriggerCall(
            pool=new.pool,
            trigger="PreSignUp",
            source="PreSignUp_AdminCreateUser",
            user_name=user.username,
            attributes={"sub": user.sub, **user.attributes},
            request={
                "validationData": dict(new.validation),
                "clientMetadata": dict(new.metadata),
            },
            response={"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        )
    )


async def _invite_again(pools: Pools, new: NewUser) -> PoolUser:
    """Give a user who never came another temporary password (AWS [M] MessageAction)."""
    pool = new.pool
    user = pools.store.read(lambda tx: the_user(tx, pool, new.username))
    if user.status != "FORCE_CHANGE_PASSWORD":
        message = (
            f"Resend not possible. User status is not FORCE_CHANGE_PASSWORD, it is {user.status}."
        )
        raise AwsError("UnsupportedUserStateException", message)
    password = _temporary_password(new) or draw_password(pool.password_policy)
    await _set(pools, pool, user, password, new.now, is_permanent=False)
    await invite(pools, pool, user, password, new.media)
    return pools.store.read(lambda tx: the_user(tx, pool, user.sub))


async def admin_set_password(
    pools: Pools, pool: UserPool, name: str, password: str, now: datetime, *, is_permanent: bool
) -> None:
    """Set a password, for good or until the next sign-in; raises AwsError."""
    check_password(pool.password_policy, password)
    user, credentials = pools.store.read(
        lambda tx: (found := the_user(tx, pool, name), credentials_of(tx, found))
    )
    await check_history(pools.hasher, pool, credentials, password)
    await _set(pools, pool, user, password, now, is_permanent=is_permanent)


async def _set(
    pools: Pools,
    pool: UserPool,
    user: PoolUser,
    password: str,
    now: datetime,
    *,
    is_permanent: bool,
) -> None:
    proofs = await pools.hasher.proofs(pool, user.username, password)
    days = pool.password_policy.temporary_validity_days
    until = None if is_permanent else now + timedelta(days=days)

    def change(old: PoolUser) -> PoolUser:
        status = "CONFIRMED" if is_permanent else "FORCE_CHANGE_PASSWORD"
        return replace(old, status=status, temporary_until=until, modified_at=now)

    def work(tx: Transaction) -> None:
        if tx.find(POOL_USER, POOL_USER.key_of(user)) is None:
            raise AwsError("UserNotFoundException", "User does not exist.")
        size = pool.password_policy.history_size
        put_credentials(tx, user, lambda old: with_password(old, proofs, size, now))
        update_user(tx, pool, user, change)

    await pools.store.submit(work)
