"""MFA: whoever has a second factor, or must have one, is asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bargate.wire.error import AwsError

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools
    from bargate.userpool.progress import Asked, Challenge, Progress


async def second_factor(
    pools: Pools,  # noqa: ARG001  a gate's signature
    asked: Asked,
    progress: Progress,  # noqa: ARG001
    user: PoolUser,
) -> Challenge | None:
    """Let nobody pass for whom a second factor is due: none can be asked for yet.

    AWS [D] §8: with ON everybody is asked, with OPTIONAL those who chose a factor.
    """
    is_due = asked.pool.mfa == "ON" or (asked.pool.mfa == "OPTIONAL" and bool(user.mfa))
    if is_due:
        message = "The user pool requires MFA, which cannot be asked for."
        raise AwsError("InvalidUserPoolConfigurationException", message)
    return None
