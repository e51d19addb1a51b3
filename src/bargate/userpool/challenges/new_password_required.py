"""NEW_PASSWORD_REQUIRED: a temporary password becomes one that only its user knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bargate.userpool.attributes import check_change, check_writable, missing
from bargate.userpool.find import credentials_of, user_of, wrong_password
from bargate.userpool.password_policy import check_password
from bargate.userpool.passwords import check_history, with_password
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in, check_password_is, required
from bargate.userpool.users import changed_attributes, put_credentials, update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.passwords import Proofs
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

_PREFIX: Final = "userAttributes."


async def new_password_required(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Set the new password and what attributes were missing, then go on."""
    password = required(asked, "NEW_PASSWORD")
    user, credentials = pools.store.read(
        lambda tx: (found := _user(tx, asked, progress), credentials_of(tx, found))
    )
    check_may_sign_in(user, asked.now)
    attributes = _attributes(asked, user)
    check_password(asked.pool.password_policy, password)
    await check_history(pools.hasher, asked.pool, credentials, password)
    proofs = await pools.hasher.proofs(asked.pool, user.username, password)
    confirmed = await pools.store.submit(
        lambda tx: _confirm(tx, asked, progress, user, (attributes, proofs))
    )
    return await proceed(pools, asked, _with_new(asked, progress), confirmed)


def _with_new(asked: Asked, progress: Progress) -> Progress:
    """Go on with the password that was set just now."""
    proven = progress.proven("NEW_PASSWORD_REQUIRED")
    return replace(proven, password_of=asked.now.isoformat())


def _user(tx: Reader, asked: Asked, progress: Progress) -> PoolUser:
    """Give the user, who must still be waiting for this; raises NotAuthorizedException."""
    user = user_of(tx, asked.pool, progress.sub)
    if user.status != "FORCE_CHANGE_PASSWORD":
        raise wrong_password()
    check_password_is(tx, user, progress)
    return user


def _attributes(asked: Asked, user: PoolUser) -> dict[str, str]:
    """Give the user's attributes with those that came; all that is required must be there."""
    changes = {
        name.removeprefix(_PREFIX): value
        for name, value in asked.parameters.items()
        if name.startswith(_PREFIX)
    }
    check_writable(asked.client, changes)
    _check_given(asked, user, changes)
    check_change(asked.pool, changes | user.attributes, changes)
    attributes = changed_attributes(user.attributes, changes)
    absent = missing(asked.pool, attributes)
    if absent:
        message = f"Invalid attributes given, {absent[0]} is missing"
        raise AwsError("InvalidParameterException", message)
    return attributes


def _check_given(asked: Asked, user: PoolUser, changes: dict[str, str]) -> None:
    """Raise NotAuthorizedException for another value of what an administrator gave.

    AWS [D]: what is required and there is not changed here. INVARIANT: nor is an address, to which
    a second factor may go next: a temporary password alone would send it elsewhere.
    """
    required_ones = {each.name for each in asked.pool.schema if each.required}
    for name, value in changes.items():
        old = user.attributes.get(name)
        if old and old != value and name in required_ones | {"email", "phone_number"}:
            message = f"Cannot modify an already provided {name}"
            raise AwsError("NotAuthorizedException", message)


def _confirm(
    tx: Transaction,
    asked: Asked,
    progress: Progress,
    user: PoolUser,
    new: tuple[dict[str, str], Proofs],
) -> PoolUser:
    attributes, proofs = new
    if _user(tx, asked, progress) != user:  # changed while it was hashed: no check holds any more
        raise wrong_password()
    size = asked.pool.password_policy.history_size
    put_credentials(tx, user, lambda old: with_password(old, proofs, size, asked.now))
    return update_user(
        tx,
        asked.pool,
        user,
        lambda old: replace(
            old,
            attributes=attributes,
            status="CONFIRMED",
            temporary_until=None,
            modified_at=asked.now,
        ),
    )
