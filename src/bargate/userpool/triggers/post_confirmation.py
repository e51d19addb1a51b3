"""PostConfirmation: learns of users who confirmed themselves; nothing is read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.event import attributes_of
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool

SHAPE: Final = TriggerShape(
    name="PostConfirmation",
    sources=frozenset({"PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"}),
)


def post_confirmation(
    pool: UserPool, user: PoolUser, source: str, client_id: str, metadata: Mapping[str, str]
) -> TriggerCall:
    """Make the call, about a user who is confirmed."""
    return TriggerCall(
        pool=pool,
        trigger=SHAPE.name,
        source=source,
        client_id=client_id,
        user_name=user.username,
        attributes=attributes_of(user),
        request={"clientMetadata": dict(metadata)},
    )
