"""VerifyAuthChallengeResponse: says whether the answer to a custom challenge is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.triggers.custom_round import custom_call
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.userpool.find import Sought
    from bargate.userpool.pools import TriggerCall
    from bargate.userpool.progress import Asked


class VerifyAuthChallengeResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What VerifyAuthChallengeResponse says; whoever says nothing says no."""

    answer_correct: bool | None = None


SHAPE: Final = TriggerShape(
    name="VerifyAuthChallengeResponse",
    sources=frozenset({"VerifyAuthChallengeResponse_Authentication"}),
    response=VerifyAuthChallengeResponse,
)


def verify_auth_challenge(
    asked: Asked, sought: Sought, private: Mapping[str, str], answer: str
) -> TriggerCall:
    """Make the call; `private` is what CreateAuthChallenge kept for it."""
    request = {"privateChallengeParameters": dict(private), "challengeAnswer": answer}
    return custom_call(SHAPE.name, asked, sought, request, {"answerCorrect": None})
