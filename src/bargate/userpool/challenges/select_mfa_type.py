"""SELECT_MFA_TYPE: the user says which of their second factors they want to be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.find import credentials_of, user_of
from bargate.userpool.mfa import due
from bargate.userpool.prove import check_may_sign_in, required
from bargate.userpool.second_factor_challenges import pose
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolCredentials, PoolUser
    from bargate.store.interface import Reader
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Asked, Progress

# AWS [D] §2 says EMAIL_MFA, [M] EMAIL_OTP
_SAME: Final = {"EMAIL_MFA": "EMAIL_OTP"}


async def select_mfa_type(pools: Pools, asked: Asked, progress: Progress) -> Answer:
    """Ask for the factor that was chosen; it must be one that could be chosen, as of now."""

    def work(tx: Reader) -> tuple[PoolUser, PoolCredentials]:
        user = user_of(tx, asked.pool, progress.sub)
        return user, credentials_of(tx, user)

    user, credentials = pools.store.read(work)
    check_may_sign_in(user, asked.now)
    answer = required(asked, "ANSWER")
    wanted = _SAME.get(answer, answer)
    for kind in due(asked.pool, user, credentials).kinds:
        if kind == wanted:
            return await pose(pools, asked, progress, user, kind)
    message = f"{answer} is not among the MFA methods that can be chosen."
    raise AwsError("InvalidParameterException", message)
