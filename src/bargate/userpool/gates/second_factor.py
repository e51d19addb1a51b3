"""MFA: whoever has a second factor, or must have one, is asked for it (AWS [D] §8).

One factor, or the preferred one, is asked for at once; among several the user chooses; who has
none where one is demanded must set one up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from bargate.userpool.find import credentials_of
from bargate.userpool.first_sign_in import stands_in
from bargate.userpool.mfa import MFA_SETUP, PASSED, due, offered
from bargate.userpool.progress import Asked, Challenge, Progress
from bargate.userpool.second_factor_challenges import named, pose
from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools

SELECT_MFA_TYPE: Final = "SELECT_MFA_TYPE"


async def second_factor(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser
) -> Challenge | None:
    """Ask for a second factor unless one was proven, or what stands in for it (`PASSED`)."""
    if PASSED in progress.factors:
        return None
    wanted = due(asked.pool, user, pools.store.read(lambda tx: credentials_of(tx, user)))
    if not wanted.is_required:
        return None
    if not wanted.is_chosen and await stands_in(pools, asked, progress, user):
        return None
    if wanted.may_set_up:
        setup = _offer(MFA_SETUP, "MFAS_CAN_SETUP", offered(asked.pool), progress)
        return named(setup, user)
    if not wanted.kinds:
        message = "The user's second factor cannot be used: its address is gone or not verified."
        raise AwsError("MFAMethodNotFoundException", message)
    if len(wanted.kinds) > 1:
        choice = _offer(SELECT_MFA_TYPE, "MFAS_CAN_CHOOSE", wanted.kinds, progress)
        return named(choice, user)
    return await pose(pools, asked, progress, user, wanted.kinds[0])


def _offer(name: str, parameter: str, kinds: tuple[str, ...], progress: Progress) -> Challenge:
    return Challenge(
        name=name,
        parameters={parameter: msgspec.json.encode(kinds).decode()},
        progress=progress.knowing(),
    )
