"""One-time codes of sign-ins: sent to an address, and sealed as a digest in the session.

    pose_code ──► draw, send ──► Challenge (where it went, masked) ──► check_code ──► the user

A code is good for the session that asked for it alone: as long as that, and once. For users who do
not exist (`user` None) everything but the sending is done.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import string
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.records.pool_user import POOL_USER
from bargate.userpool.code_delivery import CODE_FAILED
from bargate.userpool.destinations import Address, Destination, masked, pretended
from bargate.userpool.messages import AUTHENTICATION, Sending, send_code
from bargate.userpool.progress import Asked, Challenge, Progress
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools

FIRST_DIGITS: Final = 8  # AWS [R] §2, for codes by mail
SECOND_DIGITS: Final = 6
_SECOND, _SET_UP = "second", "set_up"
_log = logging.getLogger("bargate.userpool")


class Posing(Struct, frozen=True, kw_only=True):
    """A code that is asked for: as which challenge, from where, and whether it sets that up."""

    name: str
    to: Destination
    is_second: bool
    sets_up: bool = False


def address_of(challenge: str) -> Address:
    """Give where codes of EMAIL_OTP, SMS_OTP, SMS_MFA go."""
    return "email" if challenge == "EMAIL_OTP" else "phone_number"


async def pose_code(
    pools: Pools,
    asked: Asked,
    progress: Progress,
    user: PoolUser | None,
    name: str,
    *,
    is_second: bool,
) -> Challenge:
    """Send a code and ask for it; raises AwsError. As a first factor it has more digits."""
    attribute = address_of(name)
    to = pretended(pools, asked.pool, progress.username, (attribute,))
    if user is not None:
        to = Destination(attribute=attribute, value=user.attributes[attribute])
    posing = Posing(name=name, to=to, is_second=is_second)
    return await pose_to(pools, asked, progress, user, posing)


async def pose_to(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser | None, posing: Posing
) -> Challenge:
    """Do as `pose_code`, to any address."""
    to, is_second = posing.to, posing.is_second
    digits = SECOND_DIGITS if is_second else FIRST_DIGITS
    code = "".join(secrets.choice(string.digits) for _ in range(digits))
    now_s = asked.now.timestamp()
    if not is_second or posing.sets_up:
        pools.addresses.take("codes", asked.pool.id, asked.address, now_s)
    pools.code_limits.sent.take(asked.pool.id, lock_name(progress), now_s)
    await _send(pools, asked, user, to, code, is_hidden=asked.client.hides_users and not is_second)
    known = {"code": _digest(code), "to": _digest(to.value)}
    if is_second:
        known[_SECOND] = "true"
    if posing.sets_up:
        known[_SET_UP] = to.value
    return Challenge(
        name=posing.name,
        parameters={
            "CODE_DELIVERY_DELIVERY_MEDIUM": to.medium,
            "CODE_DELIVERY_DESTINATION": masked(to.value),
        },
        progress=progress.knowing(**known),
    )


def is_second(progress: Progress) -> bool:
    """Say whether the code that was asked for is a second factor."""
    return _SECOND in progress.data


def set_up_for(progress: Progress) -> str | None:
    """Give the address that the code sets up, None where it went to one that the user has."""
    return progress.data.get(_SET_UP)


def went_to(progress: Progress, address: str) -> bool:
    """Say whether the code that was asked for went to an address."""
    return hmac.compare_digest(_digest(address), progress.data["to"])


def mismatch() -> AwsError:
    """Give the refusal of a code that is wrong, or went to an address that is the user's no more."""
    return AwsError(
        "CodeMismatchException", "Invalid code or auth state for the user."
    )  # AWS [R] §2


def check_code(pools: Pools, asked: Asked, progress: Progress, name: str, given: str) -> PoolUser:
    """Give the user who got the code, if this is it; raises CodeMismatchException.

    A code that went to an address which the user has no more is good for nothing.
    """
    counted = lock_name(progress)
    pools.code_limits.guesses.take(asked.pool.id, counted, asked.now.timestamp())
    user = pools.store.read(
        lambda tx: tx.find(POOL_USER, (asked.pool.id, progress.sub)) if progress.sub else None
    )
    to = "" if user is None else user.attributes.get(address_of(name), "")
    to = set_up_for(progress) or to
    is_code = hmac.compare_digest(_digest(given), progress.data["code"])
    is_there = went_to(progress, to)
    if user is None or not (is_code and is_there):
        raise mismatch()
    pools.code_limits.proven(asked.pool.id, counted)
    return user


def lock_name(progress: Progress) -> str:
    """Give what codes are counted by: the user, or the name of one who does not exist."""
    return progress.sub or progress.username


async def _send(
    pools: Pools,
    asked: Asked,
    user: PoolUser | None,
    to: Destination,
    code: str,
    *,
    is_hidden: bool,
) -> None:
    """Send a code; that it failed is hidden from whoever may not know whether there is a user."""
    if pools.messenger is None:
        message = "Codes cannot be sent: no way to send messages is set up."
        raise AwsError(CODE_FAILED, message)
    if user is None:
        return
    sending = Sending(
        pool=asked.pool,
        user=user,
        to=to,
        purpose=AUTHENTICATION,
        code=code,
        client_id=asked.client.id,
        metadata=asked.later_metadata,
    )
    try:
        await send_code(pools, sending)
    except AwsError as refused:
        if refused.code != CODE_FAILED or not is_hidden:
            raise
        _log.warning("a code for a user of %s was not sent: %s", asked.pool.id, refused)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
