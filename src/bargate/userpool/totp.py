"""Software tokens of users: a seed is associated, verified by its first code, then asked for.

by access token:  associate ──► credentials.totp_pending ──► verify ──► totp_seed
by session:       the seed is sealed in the session until it is verified (`mfa_setup`)

INVARIANT: a code is taken once, and none of a time step before one that was taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.identity.totp import matching_step, step_at
from bargate.userpool.find import credentials_of
from bargate.userpool.users import put_credentials, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.secret import Secret
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.access_tokens import Holder
    from bargate.userpool.pools import Pools

KIND: Final = "SOFTWARE_TOKEN_MFA"
MAX_NAME_CHARACTERS: Final = 256  # [I]
_TOLERANCE_STEPS: Final = 1


def check_offered(pool: UserPool) -> None:
    """Raise SoftwareTokenMFANotFoundException unless the pool offers software tokens."""
    if not pool.software_token_mfa:
        message = "Software Token MFA has not been enabled by the userPool"  # AWS [D] §8
        raise AwsError("SoftwareTokenMFANotFoundException", message)


def check_friendly_name(name: str | None) -> None:
    """Raise InvalidParameterException for a device's name that is too long to keep."""
    if name is not None and len(name) > MAX_NAME_CHARACTERS:
        message = f"FriendlyDeviceName must have at most {MAX_NAME_CHARACTERS} characters."
        raise AwsError("InvalidParameterException", message)


def associate(tx: Transaction, user: PoolUser, seed: Secret) -> None:
    """Keep a seed that waits for its first code; the one that was verified stays good until then."""
    put_credentials(tx, user, lambda old: replace(old, totp_pending=seed))


async def verify(
    pools: Pools,
    holder_in: Callable[[Reader], Holder],
    code: str,
    name: str | None,
    now: datetime,
) -> None:
    """Take the first code of a seed that waits; raises AwsError."""
    holder = pools.store.read(holder_in)
    check_offered(holder.pool)
    user = holder.user
    pools.code_limits.guesses.take(user.pool_id, user.sub, now.timestamp())

    def work(tx: Transaction) -> None:
        check_offered(holder_in(tx).pool)
        pending = credentials_of(tx, user).totp_pending
        if pending is None:
            message = "No software token waits to be verified: call AssociateSoftwareToken first."
            raise AwsError("SoftwareTokenMFANotFoundException", message)
        keep(tx, user, pending, first_step(pending, code, now), name)

    await pools.store.submit(work)
    pools.code_limits.proven(user.pool_id, user.sub)


def first_step(seed: Secret, code: str, now: datetime) -> int:
    """Give the time step of a seed's first code; raises EnableSoftwareTokenMFAException."""
    step = _step(seed, code, now)
    if step is None:
        raise AwsError("EnableSoftwareTokenMFAException", "Code mismatch")
    return step


def keep(tx: Transaction, user: PoolUser, seed: Secret, step: int, name: str | None) -> None:
    """Make a verified seed the user's one; the code that verified it is used up."""

    def change(old: PoolCredentials) -> PoolCredentials:
        return replace(old, totp_seed=seed, totp_step=step, totp_name=name, totp_pending=None)

    put_credentials(tx, user, change)


def forget(tx: Transaction, pool: UserPool, user: PoolUser, now: datetime) -> None:
    """Take a user's seed away; raises InvalidParameterException where there is none."""
    if credentials_of(tx, user).totp_seed is None:
        message = "User does not have a software token."
        raise AwsError("InvalidParameterException", message)
    put_credentials(
        tx,
        user,
        lambda old: replace(old, totp_seed=None, totp_pending=None, totp_name=None),
    )

    def change(old: PoolUser) -> PoolUser:
        left = tuple(kind for kind in old.mfa if kind != KIND)
        preferred = None if old.preferred_mfa == KIND else old.preferred_mfa
        return replace(old, mfa=left, preferred_mfa=preferred, modified_at=now)

    update_user(tx, pool, user, change)


def use_code(tx: Transaction, user: PoolUser, code: str, now: datetime) -> None:
    """Use up a code at sign-in; raises CodeMismatchException, ExpiredCodeException."""
    credentials = credentials_of(tx, user)
    if credentials.totp_seed is None:
        message = "User has not set up a software token."
        raise AwsError("SoftwareTokenMFANotFoundException", message)
    step = _step(credentials.totp_seed, code, now, credentials.totp_step)
    if step is not None:
        used = step
        put_credentials(tx, user, lambda old: replace(old, totp_step=used))
        return
    if _step(credentials.totp_seed, code, now) is not None:
        message = "Your software token has already been used once."
        raise AwsError("ExpiredCodeException", message)
    raise AwsError("CodeMismatchException", "Invalid code received for user")


def _step(seed: Secret, code: str, now: datetime, after: int = -1) -> int | None:
    middle = step_at(now.timestamp())
    steps = range(middle - _TOLERANCE_STEPS, middle + _TOLERANCE_STEPS + 1)
    return matching_step(seed, (code,), (step for step in steps if step > after))
