"""What the events of the three triggers of custom sign-ins have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bargate.userpool.pools import TriggerCall
from bargate.userpool.triggers.event import attributes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.userpool.find import Sought
    from bargate.userpool.progress import Asked


def custom_call(
    trigger: str,
    asked: Asked,
    sought: Sought,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
) -> TriggerCall:
    """Make the call of one of the three; `userNotFound` is there where the client hides users."""
    user = sought.user
    hidden = {"userNotFound": user is None} if asked.client.hides_users else {}
    return TriggerCall(
        pool=asked.pool,
        trigger=trigger,
        source=f"{trigger}_Authentication",
        client_id=asked.client.id,
        user_name=sought.name if user is None else user.username,
        attributes=attributes_of(user),
        request={**request, "clientMetadata": dict(asked.later_metadata), **hidden},
        response=response,
    )
