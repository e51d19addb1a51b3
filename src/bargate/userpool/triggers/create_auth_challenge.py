"""CreateAuthChallenge: makes a custom challenge, and what its answer will be compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.triggers.custom_round import custom_call
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import TriggerCall
    from bargate.userpool.progress import Asked, Progress


class CreateAuthChallengeResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What CreateAuthChallenge says. INVARIANT: the private parameters are never shown to clients."""

    public_challenge_parameters: dict[str, str] | None = None
    private_challenge_parameters: dict[str, str] | None = None
    challenge_metadata: str | None = None


SHAPE: Final = TriggerShape(
    name="CreateAuthChallenge",
    sources=frozenset({"CreateAuthChallenge_Authentication"}),
    response=CreateAuthChallengeResponse,
)


def create_auth_challenge(asked: Asked, sought: Sought, progress: Progress) -> TriggerCall:
    """Make the call."""
    return custom_call(
        SHAPE.name,
        asked,
        sought,
        {"challengeName": "CUSTOM_CHALLENGE", "session": progress.session},
        {
            "publicChallengeParameters": None,
            "privateChallengeParameters": None,
            "challengeMetadata": None,
        },
    )
