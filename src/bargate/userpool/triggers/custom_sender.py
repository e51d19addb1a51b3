"""CustomEmailSender and CustomSMSSender: functions that send messages in the place of the pool.

They are queued and answer nothing. The event holds the code, or the temporary password, as
`sender_codes` gives it: encrypted, or in clear where the operator has said so; else nothing is sent
and the caller is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.pools import Pools, TriggerCall
from bargate.userpool.triggers.event import attributes_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.records.pool_user import PoolUser
    from bargate.records.user_pool import UserPool
    from bargate.userpool.pools import Medium

# AWS [D] cognito-userpools §7: the trigger of a medium, and what its requests are
_SENDERS: Final[Mapping[Medium, tuple[str, str]]] = {
    "EMAIL": ("CustomEmailSender", "customEmailSenderRequestV1"),
    "SMS": ("CustomSMSSender", "customSMSSenderRequestV1"),
}


class SecretSending(Struct, frozen=True, kw_only=True):
    """A code or temporary password that goes out; `purpose` is that of `Message`."""

    pool: UserPool
    user: PoolUser
    medium: Medium
    purpose: str
    secret: str
    client_id: str = "CLIENT_ID_NOT_APPLICABLE"
    metadata: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"SecretSending({self.pool.id}, {self.purpose})"


async def sent_by_function(pools: Pools, sending: SecretSending) -> bool:
    """Hand a secret to the pool's function for its medium; False where there is none.

    Raises AwsError CodeDeliveryFailureException.
    """
    trigger, kind = _SENDERS[sending.medium]
    if sending.pool.trigger_arn(trigger) is None:
        return False
    request = {
        "type": kind,
        "code": sending.secret,
        "clientMetadata": dict(sending.metadata),
    }
    await pools.triggers.hand_over(
        TriggerCall(
            pool=sending.pool,
            trigger=trigger,
            source=f"{trigger}_{sending.purpose}",
            client_id=sending.client_id,
            user_name=sending.user.username,
            attributes=attributes_of(sending.user),
            request=request,
        )
    )
    return True
