"""ChangePassword: a user who knows their password takes another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.userpool.find import credentials_of, wrong_password
from bargate.userpool.password_policy import check_password
from bargate.userpool.passwords import check_history, with_password
from bargate.userpool.users import put_credentials, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.access_tokens import Holder
    from bargate.userpool.passwords import Proofs
    from bargate.userpool.pools import Pools


async def change_password(
    pools: Pools,
    holder_in: Callable[[Reader], Holder],
    previous: str | None,
    proposed: str,
    now: datetime,
) -> None:
    """Set another password; raises AwsError.

    The previous one is asked for unless there is none (AWS [M]: users without passwords).
    """
    holder, credentials = pools.store.read(
        lambda tx: (found := holder_in(tx), credentials_of(tx, found.user))
    )
    pool, user = holder.pool, holder.user
    _check_has_one(user)
    pools.attempts.take("ChangePassword", pool.id, user.sub, now.timestamp())
    check_password(pool.password_policy, proposed)
    await _prove(pools, user, credentials, previous, now)
    await check_history(pools.hasher, pool, credentials, proposed)
    proofs = await pools.hasher.proofs(pool, user.username, proposed)
    await pools.store.submit(lambda tx: _set(tx, holder_in(tx), credentials, proofs, now))


def _check_has_one(user: PoolUser) -> None:
    """Refuse who signs in elsewhere: an administrator took their password away, or gave none."""
    if user.status == "EXTERNAL_PROVIDER":
        message = "User password cannot be changed in the current state."
        raise AwsError("NotAuthorizedException", message)


async def _prove(
    pools: Pools,
    user: PoolUser,
    credentials: PoolCredentials,
    previous: str | None,
    now: datetime,
) -> None:
    if credentials.hash is None:
        return
    if previous is None:
        raise AwsError("InvalidParameterException", "Missing required parameter PreviousPassword")
    with pools.lockouts.attempt(user.pool_id, user.sub, now.timestamp()) as attempt:
        found = await pools.hasher.matches(credentials.hash, previous)
        if not attempt.settle(is_right=found):
            raise wrong_password()


def _set(
    tx: Transaction, holder: Holder, known: PoolCredentials, proofs: Proofs, now: datetime
) -> None:
    if credentials_of(tx, holder.user).hash != known.hash:
        raise wrong_password()  # it was changed meanwhile: what was proven is the password no more
    _check_has_one(holder.user)
    size = holder.pool.password_policy.history_size
    put_credentials(tx, holder.user, lambda old: with_password(old, proofs, size, now))
    update_user(tx, holder.pool, holder.user, lambda old: replace(old, modified_at=now))
