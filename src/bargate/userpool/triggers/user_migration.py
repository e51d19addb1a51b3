"""UserMigration: says who somebody is whom the pool does not know yet (`userpool.migration`)."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from bargate.userpool.triggers.shape import TriggerShape


class UserMigrationResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What UserMigration says of a user; without attributes there is none."""

    user_attributes: Annotated[dict[str, str], Meta(min_length=1)]
    final_user_status: Literal["CONFIRMED", "RESET_REQUIRED"] | None = None
    message_action: str | None = None
    desired_delivery_mediums: tuple[str, ...] | None = None
    force_alias_creation: bool | None = None
    enable_sms_mfa: bool | None = msgspec.field(name="enableSMSMFA", default=None)


SHAPE: Final = TriggerShape(
    name="UserMigration",
    sources=frozenset({"UserMigration_Authentication", "UserMigration_ForgotPassword"}),
    response=UserMigrationResponse,
)


def empty_response() -> dict[str, Any]:
    """Give the form that the function fills."""
    return {
        "userAttributes": None,
        "finalUserStatus": None,
        "messageAction": None,
        "desiredDeliveryMediums": None,
        "forceAliasCreation": None,
        "enableSMSMFA": None,
    }
