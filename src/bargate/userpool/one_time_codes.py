"""One-time codes of sign-ins: sent to an address, and sealed as a digest in the session.

    pose_code ──► draw, send ──► Challenge (where it went, masked) ──► check_code ──► the user

A code is good for the session that asked for it alone: as long as that, and once. For users who do
not exist (`user` None) everything but the sending is done.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.records.pool_user import POOL_USER
from bargate.userpool import srp
from bargate.userpool.attributes import is_email, is_phone
from bargate.userpool.pools import Message
from bargate.userpool.progress import Asked, Challenge, Progress
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import Medium, Pools

FIRST_DIGITS: Final = 8  # AWS [R] §2, for codes by mail
SECOND_DIGITS: Final = 6
PURPOSE: Final = "Authentication"
_TEXT: Final = "Your authentication code is {####}."
_SUBJECT: Final = "Your authentication code"


class Way(Struct, frozen=True, kw_only=True):
    """How the codes of a challenge go out."""

    medium: Medium
    attribute: str


_SMS: Final = Way(medium="SMS", attribute="phone_number")
_MAIL: Final = Way(medium="EMAIL", attribute="email")


def way_of(challenge: str) -> Way:
    """Give how codes of EMAIL_OTP, SMS_OTP, SMS_MFA go out."""
    return _MAIL if challenge == "EMAIL_OTP" else _SMS


async def pose_code(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser | None, name: str
) -> Challenge:
    """Send a code and ask for it; raises AwsError.

    As a first factor (nothing is proven yet) it has more digits.
    """
    digits = SECOND_DIGITS if progress.factors else FIRST_DIGITS
    code = "".join(secrets.choice(string.digits) for _ in range(digits))
    way = way_of(name)
    to = _stand_in(pools, asked.pool, progress.username, way)
    if user is not None:
        to = user.attributes[way.attribute]
    pools.code_limits.sent.take(asked.pool.id, lock_name(progress), asked.now.timestamp())
    await _send(pools, asked, user, way, to, code)
    return Challenge(
        name=name,
        parameters={
            "CODE_DELIVERY_DELIVERY_MEDIUM": way.medium,
            "CODE_DELIVERY_DESTINATION": masked(to),
        },
        progress=progress.knowing(code=_digest(code), to=_digest(to)),
    )


def check_code(pools: Pools, asked: Asked, progress: Progress, name: str, given: str) -> PoolUser:
    """Give the user who got the code, if this is it; raises CodeMismatchException.

    A code that went to an address which the user has no more is good for nothing.
    """
    counted = lock_name(progress)
    pools.code_limits.guesses.take(asked.pool.id, counted, asked.now.timestamp())
    user = pools.store.read(
        lambda tx: tx.find(POOL_USER, (asked.pool.id, progress.sub)) if progress.sub else None
    )
    to = "" if user is None else user.attributes.get(way_of(name).attribute, "")
    is_code = hmac.compare_digest(_digest(given), progress.data["code"])
    is_there = hmac.compare_digest(_digest(to), progress.data["to"])
    if user is None or not (is_code and is_there):
        message = "Invalid code or auth state for the user."  # AWS [R] §2
        raise AwsError("CodeMismatchException", message)
    pools.code_limits.proven(asked.pool.id, counted)
    return user


def lock_name(progress: Progress) -> str:
    """Give what codes are counted by: the user, or the name of one who does not exist."""
    return progress.sub or progress.username


def masked(destination: str) -> str:
    """Show where a code went to whoever owns the address, and hardly to others (AWS [R] §2)."""
    name, at, host = destination.partition("@")
    if at:
        return f"{name[:1]}***@{host[:1]}***"
    digits = destination[1:]
    return f"+{'*' * (len(digits) - 4)}{digits[-4:]}"


async def _send(
    pools: Pools, asked: Asked, user: PoolUser | None, way: Way, to: str, code: str
) -> None:
    if pools.messenger is None:
        message = "Codes cannot be sent: no way to send messages is set up."
        raise AwsError("CodeDeliveryFailureException", message)
    if user is None:
        return
    subject, text = _texts(asked.pool, way)
    await pools.messenger.send(
        Message(
            pool_id=asked.pool.id,
            user_name=user.username,
            medium=way.medium,
            purpose=PURPOSE,
            destination=to,
            body=text.replace("{####}", code),
            subject=subject,
        )
    )


def _texts(pool: UserPool, way: Way) -> tuple[str, str]:
    """Give subject and text of a code's message."""
    if way.medium == "SMS":
        return "", pool.sms_authentication_message or _TEXT
    said = pool.email_mfa or {}
    return said.get("Subject") or _SUBJECT, said.get("Message") or _TEXT


def _stand_in(pools: Pools, pool: UserPool, name: str, way: Way) -> str:
    """Give the address of nobody: the name where it is one, else the same one for a name always."""
    if is_email(name) if way.medium == "EMAIL" else is_phone(name):
        return name
    secret = pools.store.read(lambda tx: pools.keyring.of(tx, pool.id).secret)
    drawn, _ = srp.stand_in(secret, f"to\0{way.medium}\0{name}")
    if way.medium == "SMS":
        return f"+1{int(drawn, 16) % 10**10:010d}"
    letters = [string.ascii_lowercase[int(part, 16) % 26] for part in (drawn[:8], drawn[8:16])]
    return "@".join(letters)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
