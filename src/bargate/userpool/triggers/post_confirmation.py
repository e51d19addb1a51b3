"""PostConfirmation: learns of users who confirmed themselves; nothing is read from it."""

from __future__ import annotations

from typing import Final

from bargate.userpool.triggers.shape import TriggerShape

SHAPE: Final = TriggerShape(
    name="PostConfirmation",
    sources=frozenset({"PostConfirmation_ConfirmSignUp", "PostConfirmation_ConfirmForgotPassword"}),
)
