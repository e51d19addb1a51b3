"""SOFTWARE_TOKEN_MFA: the code that the user's authenticator shows, good once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.userpool import totp
from bargate.userpool.find import user_of
from bargate.userpool.mfa import PASSED
from bargate.userpool.one_time_codes import lock_name
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in, required

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.store.interface import Transaction
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

NAME = "SOFTWARE_TOKEN_MFA"


async def software_token_mfa(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Use up the code, then go on."""
    code = required(asked, f"{NAME}_CODE")
    pools.code_limits.guesses.take(asked.pool.id, lock_name(progress), asked.now.timestamp())

    def work(tx: Transaction) -> PoolUser:
        user = user_of(tx, asked.pool, progress.sub)
        check_may_sign_in(user, asked.now)
        totp.use_code(tx, user, code, asked.now)
        return user

    user = await pools.store.submit(work)
    pools.code_limits.proven(asked.pool.id, lock_name(progress))
    return await proceed(pools, asked, progress.proven(NAME, PASSED), user)
