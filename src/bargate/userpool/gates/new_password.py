"""Whoever came with a temporary password must choose one of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bargate.userpool.attributes import missing
from bargate.userpool.progress import Asked, Challenge, Progress

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.pools import Pools

NAME = "NEW_PASSWORD_REQUIRED"


async def new_password(
    pools: Pools,  # noqa: ARG001  a gate's signature
    asked: Asked,
    progress: Progress,
    user: PoolUser,
) -> Challenge | None:
    """Pose NEW_PASSWORD_REQUIRED to a user whose status says so."""
    if user.status != "FORCE_CHANGE_PASSWORD" or NAME in progress.factors:
        return None
    wanted = [f"userAttributes.{name}" for name in missing(asked.pool, user.attributes)]
    return Challenge(
        name=NAME,
        parameters={
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": msgspec.json.encode(wanted).decode(),
            "userAttributes": msgspec.json.encode(user.attributes).decode(),
        },
        progress=progress.knowing(),
    )
