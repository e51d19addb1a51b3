"""What a right code of a sign-in says of the address that it went to: it is the user's.

    MFA_SETUP ──► an address that the user gives ──► code ──► theirs, verified, and a second factor
    second factor, to an address that nobody verified ──► code ──► verified

AWS [D] developer guide, "SMS and email message MFA": codes go to addresses that nobody verified,
too, and who completes MFA has a verified one from then on.
INVARIANT: an address that leads another user in stays theirs: it is then not verified here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.records.pool_user import POOL_USER, PoolUser, folded
from bargate.userpool.attributes import check_change, check_writable
from bargate.userpool.destinations import Destination
from bargate.userpool.find import credentials_of, user_of, wrong_password
from bargate.userpool.mfa import KINDS, due, offered
from bargate.userpool.one_time_codes import (
    Posing,
    address_of,
    mismatch,
    pose_to,
    set_up_for,
    went_to,
)
from bargate.userpool.prove import check_may_sign_in, check_password_is
from bargate.userpool.users import update_user
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked, Challenge, Progress


async def set_up_mail(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser, address: str
) -> Challenge:
    """Send a code to an address that is to be the user's second factor; raises AwsError.

    Amplify sends it as EMAIL in the answer to MFA_SETUP (AWS [R]).
    """
    pools.store.read(lambda tx: _check_waits(tx, asked, progress, user))
    check_writable(asked.client, {"email": address})
    check_change(asked.pool, user.attributes, {"email": address})
    to = Destination(attribute="email", value=address)
    posing = Posing(name="EMAIL_OTP", to=to, is_second=True, sets_up=True)
    return await pose_to(pools, asked, progress, user, posing)


async def note_proven(pools: Pools, asked: Asked, progress: Progress, name: str) -> PoolUser:
    """Keep what a right code of a second factor proved; gives the user as they are now.

    Raises AwsError when they have another address, or another password, by now.
    """
    address = set_up_for(progress)

    def work(tx: Transaction) -> PoolUser:
        user = user_of(tx, asked.pool, progress.sub)
        check_may_sign_in(user, asked.now)
        if address is None:
            return _verified(tx, asked, progress, user, address_of(name))
        _check_waits(tx, asked, progress, user)
        return update_user(tx, asked.pool, user, lambda old: _with_mail(asked, old, address))

    return await pools.store.submit(work)


def _check_waits(tx: Reader, asked: Asked, progress: Progress, user: PoolUser) -> None:
    """Raise AwsError unless a user must set up a factor still, which a mail address may be."""
    check_password_is(tx, user, progress)
    if "EMAIL_OTP" not in offered(asked.pool):
        raise AwsError("InvalidParameterException", "EMAIL_OTP is not enabled for the user pool.")
    if (
        user.attributes.get("email")
        or not due(asked.pool, user, credentials_of(tx, user)).may_set_up
    ):
        raise wrong_password()  # set up meanwhile: a password alone does not replace that


def _with_mail(asked: Asked, user: PoolUser, address: str) -> PoolUser:
    kinds = {*user.mfa, "EMAIL_OTP"}
    return replace(
        user,
        attributes={**user.attributes, "email": address, "email_verified": "true"},
        mfa=tuple(kind for kind in KINDS if kind in kinds),
        modified_at=asked.now,
    )


def _verified(
    tx: Transaction, asked: Asked, progress: Progress, user: PoolUser, attribute: str
) -> PoolUser:
    flag, value = f"{attribute}_verified", user.attributes.get(attribute, "")
    if not went_to(progress, value):  # changed since the code was looked at
        raise mismatch()
    if user.attributes.get(flag) == "true" or _leads_away(tx, user, attribute, value):
        return user
    attributes = {**user.attributes, flag: "true"}
    return update_user(
        tx,
        asked.pool,
        user,
        lambda old: replace(old, attributes=attributes, modified_at=asked.now),
    )


def _leads_away(tx: Reader, user: PoolUser, attribute: str, value: str) -> bool:
    """Say whether another user signs in by an address."""
    key = (user.pool_id, folded(value, case_sensitive=user.case_sensitive))
    other = tx.find_by(POOL_USER, f"alias_{attribute}", key)
    return other is not None and other.sub != user.sub
