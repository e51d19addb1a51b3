"""MFA_SETUP: a factor is set up on the way in.

An authenticator was verified by AssociateSoftwareToken and VerifySoftwareToken; or the answer holds
EMAIL, an address that a code is sent to and then asked for (EMAIL_OTP).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool.find import credentials_of, user_of
from bargate.userpool.mfa import MFA_SETUP, PASSED
from bargate.userpool.mfa_setup import VERIFIED
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in
from bargate.userpool.proven_addresses import set_up_mail
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress


async def mfa_setup(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Let whoever verified a software token in this sign-in go on; or send a code to an address."""
    address = asked.parameters.get("EMAIL")
    if address:
        user = pools.store.read(lambda tx: user_of(tx, asked.pool, progress.sub))
        check_may_sign_in(user, asked.now)
        return await set_up_mail(pools, asked, progress, user, address)

    def work(tx: Reader) -> PoolUser:
        user = user_of(tx, asked.pool, progress.sub)
        if VERIFIED not in progress.data or credentials_of(tx, user).totp_seed is None:
            message = (
                "No MFA method was set up: verify a software token with the session first,"
                " or give EMAIL."
            )
            raise AwsError("InvalidParameterException", message)
        return user

    user = pools.store.read(work)
    check_may_sign_in(user, asked.now)
    return await proceed(pools, asked, progress.proven(MFA_SETUP, PASSED), user)
