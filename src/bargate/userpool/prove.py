"""Proving a password, and who may sign in at all: what flows and challenges have in common."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.userpool.find import Sought, credentials_of, refuse_unknown, wrong_password
from bargate.userpool.triggers.pre_authentication import pre_authentication
from bargate.userpool.users import put_credentials
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from datetime import datetime

    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.secret import Secret
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked, Progress


def required(asked: Asked, name: str) -> str:
    """Give a parameter; raises InvalidParameterException without one."""
    value = asked.parameters.get(name)
    if not value:
        message = f"Missing required parameter {name}"
        raise AwsError("InvalidParameterException", message)
    return value


async def announce(pools: Pools, asked: Asked, sought: Sought) -> None:
    """Let the PreAuthentication trigger refuse, before anything is proven."""
    user = sought.user
    if user is None and not asked.client.hides_users:
        return  # it is refused as unknown next
    await pools.triggers.run(pre_authentication(asked, sought))


async def prove_password(pools: Pools, asked: Asked, sought: Sought, password: str) -> PoolUser:
    """Give the user whose password this is; raises AwsError.

    The work and, where the client hides users, the answer are the same for one who does not exist.
    """
    credentials = sought.credentials
    hashed = None if credentials is None else credentials.hash
    now_s = asked.now.timestamp()
    with pools.lockouts.attempt(asked.pool.id, sought.lock_name, now_s) as attempt:
        is_right = attempt.settle(is_right=await _compare(pools, asked, hashed, password))
    user = sought.user
    if user is None:
        raise refuse_unknown(asked.client)
    if user.status == "RESET_REQUIRED" and hashed is None:
        raise reset_required()  # AWS [D]: an imported user has no password yet
    if not is_right or credentials is None:
        raise wrong_password()
    check_may_sign_in(user, asked.now)
    await _renew(pools, asked, user, credentials, password)
    return user


async def _compare(pools: Pools, asked: Asked, hashed: Secret | None, password: str) -> bool:
    """Compare a password; a refusal takes as long as any in a pool with imported hashes."""
    clock = asyncio.get_running_loop().time
    begun_s = clock()
    is_right = await pools.hasher.matches(hashed, password)
    if hashed is not None and pools.hasher.needs_renewal(hashed):
        pools.refusal_times.note(asked.pool.id, clock() - begun_s)
    left_s = begun_s + pools.refusal_times.of(asked.pool.id) - clock()
    if not is_right and asked.client.hides_users and left_s > 0:
        await asyncio.sleep(left_s)
    return is_right


def check_may_sign_in(user: PoolUser, now: datetime) -> None:
    """Raise AwsError unless somebody who proved to be this user may go on.

    Only who knows the password learns of these states.
    """
    if not user.enabled:
        raise AwsError("NotAuthorizedException", "User is disabled.")
    if user.status == "UNCONFIRMED":
        raise AwsError("UserNotConfirmedException", "User is not confirmed.")
    if user.status == "RESET_REQUIRED":
        raise reset_required()
    if user.status not in ("CONFIRMED", "FORCE_CHANGE_PASSWORD"):
        raise wrong_password()
    if user.temporary_until is not None and user.temporary_until <= now:
        message = "Temporary password has expired and must be reset by an administrator."
        raise AwsError("NotAuthorizedException", message)


def check_password_is(tx: Reader, user: PoolUser, progress: Progress) -> None:
    """Raise NotAuthorizedException where the password that was proven is the user's no more.

    INVARIANT: no sign-in outlives the password that it began with.
    """
    if progress.password_of is None:
        return
    if credentials_of(tx, user).changed_at.isoformat() != progress.password_of:
        raise wrong_password()


def reset_required() -> AwsError:
    """Give the refusal of somebody who must choose a password first."""
    return AwsError("PasswordResetRequiredException", "Password reset required for the user")


async def _renew(
    pools: Pools, asked: Asked, user: PoolUser, credentials: PoolCredentials, password: str
) -> None:
    """Replace a hash of another kind or cost by ours, and make SRP's verifier, when it is right."""
    hashed = credentials.hash
    if hashed is None or not (pools.hasher.needs_renewal(hashed) or credentials.verifier is None):
        return
    proofs = await pools.hasher.proofs(asked.pool, user.username, password)

    def change(old: PoolCredentials) -> PoolCredentials:
        if old.hash != hashed:  # changed meanwhile: that password is the newer one
            return old
        return replace(old, hash=proofs.hash, salt=proofs.salt, verifier=proofs.verifier)

    def work(tx: Transaction) -> None:
        put_credentials(tx, user, change)

    await pools.store.submit(work)
