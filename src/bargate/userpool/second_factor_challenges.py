"""Second factors as they are posed: a code that is sent, or one that the user's device shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bargate.userpool.find import credentials_of
from bargate.userpool.one_time_codes import pose_code
from bargate.userpool.progress import Asked, Challenge, Progress

if TYPE_CHECKING:
    from bargate.records.pool_user import MfaKind, PoolUser
    from bargate.userpool.pools import Pools


async def pose(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser, kind: MfaKind
) -> Challenge:
    """Ask for the second factor of a kind; raises AwsError when its code cannot be sent."""
    return named(await _posed(pools, asked, progress, user, kind), user)


def named(challenge: Challenge, user: PoolUser) -> Challenge:
    """Give a challenge with the user's real name, which SECRET_HASH may be made with (AWS [R])."""
    parameters = {**challenge.parameters, "USER_ID_FOR_SRP": user.username}
    return replace(challenge, parameters=parameters)


async def _posed(
    pools: Pools, asked: Asked, progress: Progress, user: PoolUser, kind: MfaKind
) -> Challenge:
    if kind == "SOFTWARE_TOKEN_MFA":
        return _pose_token(pools, progress, user)
    return await pose_code(pools, asked, progress, user, kind, is_second=True)


def _pose_token(pools: Pools, progress: Progress, user: PoolUser) -> Challenge:
    name = pools.store.read(lambda tx: credentials_of(tx, user)).totp_name
    return Challenge(
        name="SOFTWARE_TOKEN_MFA",
        parameters={} if name is None else {"FRIENDLY_DEVICE_NAME": name},
        progress=progress.knowing(),
    )
