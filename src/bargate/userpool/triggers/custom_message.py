"""CustomMessage: writes the texts that carry codes. The code itself is never shown to it."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from bargate.userpool.triggers.shape import TriggerShape


class CustomMessageResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What CustomMessage says; None and empty mean the pool's own text (AWS [M] for the bounds)."""

    sms_message: Annotated[str, Meta(max_length=140)] | None = None
    email_message: Annotated[str, Meta(max_length=20_000)] | None = None
    email_subject: Annotated[str, Meta(max_length=140)] | None = None


SHAPE: Final = TriggerShape(
    name="CustomMessage",
    sources=frozenset(
        f"CustomMessage_{why}"
        for why in (
            "SignUp",
            "AdminCreateUser",
            "ResendCode",
            "ForgotPassword",
            "UpdateUserAttribute",
            "VerifyUserAttribute",
            "Authentication",
        )
    ),
    response=CustomMessageResponse,
)
