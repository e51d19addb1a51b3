"""PreSignUp: may refuse who signs up, or say that they need not confirm anything."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from bargate.userpool.triggers.shape import TriggerShape


class PreSignUpResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What PreSignUp says; nothing of it holds for AdminCreateUser."""

    auto_confirm_user: bool | None = None
    auto_verify_email: bool | None = None
    auto_verify_phone: bool | None = None


SHAPE: Final = TriggerShape(
    name="PreSignUp",
    sources=frozenset(
        {"PreSignUp_SignUp", "PreSignUp_AdminCreateUser", "PreSignUp_ExternalProvider"}
    ),
    response=PreSignUpResponse,
)
