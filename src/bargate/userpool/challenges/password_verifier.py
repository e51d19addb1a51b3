"""PASSWORD_VERIFIER: the client's proof that it knew the password, compared with ours."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import TYPE_CHECKING, Final

from bargate.records.pool_user import POOL_USER
from bargate.userpool import srp
from bargate.userpool.find import credentials_of, wrong_password
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in, required, reset_required
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

# AWS [R] cognito-userpools §3: English, UTC, the day not padded
_TIMESTAMP: Final = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r" [1-3]?[0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9] UTC [0-9]{4}",
    re.ASCII,
)


async def password_verifier(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Compare the signature; whoever is only simulated fails here as with a wrong password."""
    now_s = asked.now.timestamp()
    with pools.lockouts.attempt(asked.pool.id, progress.sub or progress.username, now_s) as attempt:
        name = progress.data["user_id"]
        fits = signature_fits(asked, progress.data["key"], asked.pool.srp_name, name)
        user, credentials = pools.store.read(lambda tx: _found(tx, asked, progress))
        is_same = credentials is not None and (
            credentials.changed_at.isoformat() == progress.data["changed"]
            and credentials.verifier is not None
        )
        is_right = attempt.settle(is_right=fits and is_same)
    if user is None or credentials is None:
        raise wrong_password()
    if user.status == "RESET_REQUIRED" and credentials.hash is None:
        check_may_sign_in(user, asked.now)
    if not is_right:
        raise _refusal(asked, credentials)
    check_may_sign_in(user, asked.now)
    return await proceed(pools, asked, progress.with_password(credentials.changed_at), user)


def _refusal(asked: Asked, credentials: PoolCredentials) -> AwsError:
    """Give the refusal of a proof.

    With an imported hash alone none can be right. Where users are not hidden, say what leads on [I]:
    clients let their user choose a password, as after an import at AWS. Elsewhere it is as ever.
    """
    is_imported = credentials.hash is not None and credentials.verifier is None
    if is_imported and not asked.client.hides_users:
        return reset_required()
    return wrong_password()


def signature_fits(asked: Asked, key_hex: str, group: str, name: str) -> bool:
    """Compare PASSWORD_CLAIM_SIGNATURE with what a key gives; raises AwsError."""
    block = block_of(asked)
    timestamp = required(asked, "TIMESTAMP")
    if _TIMESTAMP.fullmatch(timestamp) is None:
        message = "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
        raise AwsError("InvalidParameterException", message)
    expected = srp.signature(bytes.fromhex(key_hex), group, name, block, timestamp)
    given = required(asked, "PASSWORD_CLAIM_SIGNATURE")
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def block_of(asked: Asked) -> bytes:
    """Give the sealed state that came back; raises NotAuthorizedException for what is no Base64."""
    try:
        return base64.b64decode(required(asked, "PASSWORD_CLAIM_SECRET_BLOCK"), validate=True)
    except (binascii.Error, ValueError):
        raise wrong_password() from None


def _found(
    tx: Reader, asked: Asked, progress: Progress
) -> tuple[PoolUser | None, PoolCredentials | None]:
    if progress.sub is None:
        return None, None
    user = tx.find(POOL_USER, (asked.pool.id, progress.sub))
    return user, None if user is None else credentials_of(tx, user)
