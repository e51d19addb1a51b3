"""Forgotten passwords: a code to a verified address, and a new password for it.

forgot_password ──► code (1 h) ──► confirm_forgot_password ──► code taken, password set, at once
admin_reset     ──► RESET_REQUIRED and a code ──────┘
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER
from bargate.userpool.code_delivery import CodeKind, Named, deliver_code, sought
from bargate.userpool.codes import check_code, expired_code, put_code, take_code, wrong_code
from bargate.userpool.destinations import check_recovery, pretended_to_recover, to_recover
from bargate.userpool.evened import evened
from bargate.userpool.find import seek, the_user
from bargate.userpool.messages import Sending, send_code
from bargate.userpool.migration import Newcomer, migrate
from bargate.userpool.password_policy import check_password
from bargate.userpool.passwords import check_history, with_password
from bargate.userpool.secret_hash import check_secret_hash
from bargate.userpool.sign_up import confirmed
from bargate.userpool.users import put_credentials, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.store.interface import Transaction
    from bargate.userpool.destinations import Destination
    from bargate.userpool.find import Sought
    from bargate.userpool.passwords import Proofs
    from bargate.userpool.pools import Pools

# AWS [D] cognito-userpools §8
_NO_ADDRESS = (
    "Cannot reset password for the user as there is no registered/verified email or phone_number"
)
_RESETTABLE = frozenset({"CONFIRMED", "RESET_REQUIRED", "UNCONFIRMED"})


async def forgot_password(pools: Pools, named: Named) -> Destination:
    """Send a code for a new password, and say where it went; raises AwsError."""
    pool = named.pool
    check_recovery(pool)
    await _migrate(pools, named)
    kind = CodeKind(
        operation="ForgotPassword",
        use="ForgotPassword",
        purpose="ForgotPassword",
        check=_check_resettable,
        destination=lambda user: to_recover(pool, user),
        pretended=lambda name: pretended_to_recover(pools, pool, name),
        refusal=_NO_ADDRESS,
    )
    return await deliver_code(pools, named, kind)


async def _migrate(pools: Pools, named: Named) -> None:
    """Let the UserMigration trigger bring a user who is not there yet; counted as their codes are."""
    if named.pool.trigger_arn("UserMigration") is None:
        return
    check_secret_hash(named.client, named.secret_hash, named.username)
    found = pools.store.read(lambda tx: seek(tx, named.pool, named.username))
    if found.user is not None:
        return
    now_s = named.now.timestamp()
    pools.attempts.take("UserMigration", named.pool.id, found.lock_name, now_s)
    newcomer = Newcomer(
        pool=named.pool,
        client=named.client,
        name=named.username,
        metadata=named.metadata,
        now=named.now,
    )
    await migrate(pools, newcomer)


def _check_resettable(user: PoolUser) -> None:
    if user.status not in _RESETTABLE:
        message = "User password cannot be reset in the current state."
        raise AwsError("NotAuthorizedException", message)


async def confirm_forgot_password(pools: Pools, named: Named, code: str, password: str) -> None:
    """Set a new password for a code; raises AwsError. The code is looked at before all else."""
    with pools.addresses.proof(named.pool.id, named.source_ip, named.now.timestamp()):
        changed = await evened(named, _confirm(pools, named, code, password))
    await confirmed(pools, named, changed, "PostConfirmation_ConfirmForgotPassword")


async def _confirm(pools: Pools, named: Named, code: str, password: str) -> PoolUser:
    found = sought(pools, named, "ConfirmForgotPassword")
    user, credentials = found.user, found.credentials
    if user is None or credentials is None or not user.enabled:
        raise _refused(pools, named, found)
    try:
        pools.store.read(lambda tx: check_code(tx, user, "ForgotPassword", code, named.now))
    except AwsError as refused:
        raise (_refused(pools, named, found) if named.client.hides_users else refused) from None
    check_password(named.pool.password_policy, password)
    await check_history(pools.hasher, named.pool, credentials, password)
    proofs = await pools.hasher.proofs(named.pool, user.username, password)
    return await pools.store.submit(lambda tx: _set_password(tx, named, user, code, proofs))


def _refused(pools: Pools, named: Named, found: Sought) -> AwsError:
    """Refuse a user who is not there as one whose code is wrong, if a code was asked for."""
    if found.user is not None and not named.client.hides_users:
        return AwsError("NotAuthorizedException", "User is disabled.")
    now_s = named.now.timestamp()
    was_asked = pools.attempts.was_taken("ForgotPassword", named.pool.id, found.lock_name, now_s)
    return wrong_code() if was_asked else expired_code()


def _set_password(
    tx: Transaction, named: Named, user: PoolUser, code: str, proofs: Proofs
) -> PoolUser:
    current = tx.find(POOL_USER, POOL_USER.key_of(user))
    if current is None or not current.enabled or current.status not in _RESETTABLE:
        raise expired_code()
    proven = take_code(tx, current, "ForgotPassword", code, named.now)
    if current.attributes.get(proven.attribute) != proven.value:
        raise expired_code()  # it went to an address that is the user's no more
    size = named.pool.password_policy.history_size
    put_credentials(tx, current, lambda old: with_password(old, proofs, size, named.now))

    def change(old: PoolUser) -> PoolUser:
        attributes = {**old.attributes, f"{proven.attribute}_verified": "true"}
        return replace(
            old,
            attributes=attributes,
            status="CONFIRMED",
            temporary_until=None,
            modified_at=named.now,
        )

    return update_user(tx, named.pool, current, change)


async def admin_reset(
    pools: Pools, pool: UserPool, name: str, metadata: Mapping[str, str], now: datetime
) -> None:
    """End a user's password, and send them a code for a new one; raises AwsError."""

    def work(tx: Transaction) -> tuple[PoolUser, Destination, str]:
        user = the_user(tx, pool, name)
        if user.status not in ("CONFIRMED", "RESET_REQUIRED"):
            message = "User password cannot be reset in the current state."
            raise AwsError("NotAuthorizedException", message)
        to = to_recover(pool, user)
        if to is None:
            raise AwsError("InvalidParameterException", _NO_ADDRESS)
        changed = update_user(
            tx, pool, user, lambda old: replace(old, status="RESET_REQUIRED", modified_at=now)
        )
        return changed, to, put_code(tx, user, "ForgotPassword", to, now)

    user, to, code = await pools.store.submit(work)
    sending = Sending(
        pool=pool, user=user, to=to, purpose="ForgotPassword", code=code, metadata=metadata
    )
    await send_code(pools, sending)
