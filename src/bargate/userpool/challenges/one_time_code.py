"""EMAIL_OTP, SMS_OTP, SMS_MFA: the code that was sent comes back, as first or second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.mfa import PASSED
from bargate.userpool.one_time_codes import check_code, is_second
from bargate.userpool.proceed import proceed
from bargate.userpool.prove import check_may_sign_in, required
from bargate.userpool.proven_addresses import note_proven

if TYPE_CHECKING:
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Answer, Answering, Asked, Progress

_PARAMETER: Final = {"EMAIL_OTP": "EMAIL_OTP_CODE", "SMS_OTP": "SMS_OTP_CODE", "SMS_MFA": "SMS_MFA_CODE"}  # fmt: skip


def one_time_code(name: str) -> Answering:
    """Give what answers one of the three."""

    async def answer(pools: Pools, asked: Asked, progress: Progress) -> Answer:
        given = required(asked, _PARAMETER[name])
        user = check_code(pools, asked, progress, name, given)
        check_may_sign_in(user, asked.now)
        if not is_second(progress):
            return await proceed(pools, asked, progress.proven(name), user)
        user = await note_proven(pools, asked, progress, name)
        return await proceed(pools, asked, progress.proven(name, PASSED), user)

    return answer
