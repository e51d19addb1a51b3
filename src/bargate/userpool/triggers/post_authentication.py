"""PostAuthentication: learns of sign-ins that are complete, before tokens are made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.event import attributes_of
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from bargate.records.pool_user import PoolUser
    from bargate.userpool.progress import Asked

SHAPE: Final = TriggerShape(
    name="PostAuthentication", sources=frozenset({"PostAuthentication_Authentication"})
)


def post_authentication(asked: Asked, user: PoolUser, *, is_new_device: bool) -> TriggerCall:
    """Make the call."""
    return TriggerCall(
        pool=asked.pool,
        trigger=SHAPE.name,
        source="PostAuthentication_Authentication",
        client_id=asked.client.id,
        user_name=user.username,
        attributes=attributes_of(user),
        request={"newDeviceUsed": is_new_device, "clientMetadata": dict(asked.later_metadata)},
    )
