"""Codes that users get by mail or SMS, and give back: stored as digests, single use, one address.

    put_code ──► the code in clear, for `messages` alone ──► the user
    take_code ◄── what they give back; gone with the transaction that takes it

A digest is keyed with the pool's sealed secret, so that who reads the store cannot try the million
codes there are. A newer code of the same use replaces the older one.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bargate.records.pool_code import POOL_CODE, CodeUse, PoolCode
from bargate.records.pool_signing_key import POOL_SECRET
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader, Transaction
    from bargate.userpool.destinations import Destination

DIGITS: Final = 6
# AWS [D] cognito-userpools §8
VALIDITY: Final[Mapping[CodeUse, timedelta]] = MappingProxyType(
    {
        "SignUp": timedelta(hours=24),
        "ForgotPassword": timedelta(hours=1),
        "email": timedelta(hours=24),
        "phone_number": timedelta(hours=24),
    }
)


def put_code(
    tx: Transaction,
    user: PoolUser,
    use: CodeUse,
    to: Destination,
    now: datetime,
    drawn: str | None = None,
) -> str:
    """Store a new code (`drawn` by `links`, or else here) that goes to an address; gives it in clear."""
    code = drawn or draw_code()
    record = PoolCode(
        pool_id=user.pool_id,
        sub=user.sub,
        use=use,
        digest=_digest(tx, user, use, code),
        attribute=to.attribute,
        value=to.value,
        expires_at=now + VALIDITY[use],
    )
    key = POOL_CODE.key_of(record)
    if tx.find(POOL_CODE, key) is None:
        tx.create(POOL_CODE, record)
    else:
        tx.update(POOL_CODE, key, lambda _: record)
    return code


def draw_code() -> str:
    """Draw a code."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def check_code(tx: Reader, user: PoolUser, use: CodeUse, given: str, now: datetime) -> PoolCode:
    """Give what a code proves; raises ExpiredCodeException, CodeMismatchException."""
    record = tx.find(POOL_CODE, (user.pool_id, user.sub, use))
    if record is None or record.expires_at <= now:
        raise expired_code()
    if not hmac.compare_digest(record.digest, _digest(tx, user, use, given)):
        raise wrong_code()
    return record


def take_code(tx: Transaction, user: PoolUser, use: CodeUse, given: str, now: datetime) -> PoolCode:
    """Do as `check_code`, and use the code up: of two who give it at once, one is refused."""
    record = check_code(tx, user, use, given, now)
    tx.delete(POOL_CODE, POOL_CODE.key_of(record))
    return record


def drop_code(tx: Transaction, user: PoolUser, use: CodeUse) -> None:
    """Forget a code that is needed no more."""
    key = (user.pool_id, user.sub, use)
    if tx.find(POOL_CODE, key) is not None:
        tx.delete(POOL_CODE, key)


def pretend_code(tx: Transaction, pool_id: str, now: datetime) -> None:
    """Do the work of `put_code` for a user who does not exist, and leave nothing behind."""
    key = (pool_id, secrets.token_hex(16), "ForgotPassword")
    record = PoolCode(
        pool_id=pool_id,
        sub=key[1],
        use="ForgotPassword",
        digest=_keyed(tx, pool_id, draw_code()),
        attribute="email",
        value="",
        expires_at=now,
    )
    tx.create(POOL_CODE, record)
    tx.delete(POOL_CODE, key)


def wrong_code() -> AwsError:
    """Give the refusal of a code that is not the one (AWS [D] §9)."""
    message = "Invalid verification code provided, please try again."
    return AwsError("CodeMismatchException", message)


def expired_code() -> AwsError:
    """Give the refusal where no code is good any more (AWS [D] §9)."""
    return AwsError("ExpiredCodeException", "Invalid code provided, please request a code again.")


def _digest(tx: Reader, user: PoolUser, use: CodeUse, code: str) -> str:
    return _keyed(tx, user.pool_id, f"code\0{user.sub}\0{use}\0{code.strip()}")


def _keyed(tx: Reader, pool_id: str, text: str) -> str:
    secret = tx.get(POOL_SECRET, (pool_id,)).key.reveal()
    return hmac.new(secret.encode(), text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
