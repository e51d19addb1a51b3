"""PreAuthentication: may refuse a sign-in before anything is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.event import attributes_of
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from bargate.userpool.find import Sought
    from bargate.userpool.progress import Asked

SHAPE: Final = TriggerShape(
    name="PreAuthentication", sources=frozenset({"PreAuthentication_Authentication"})
)


def pre_authentication(asked: Asked, sought: Sought) -> TriggerCall:
    """Make the call; `userNotFound` is there where the client hides users (AWS [D])."""
    user = sought.user
    request: dict[str, Any] = {"validationData": dict(asked.metadata)}
    if asked.client.hides_users:
        request["userNotFound"] = user is None
    return TriggerCall(
        pool=asked.pool,
        trigger=SHAPE.name,
        source="PreAuthentication_Authentication",
        client_id=asked.client.id,
        user_name=sought.name if user is None else user.username,
        attributes=attributes_of(user),
        request=request,
    )
