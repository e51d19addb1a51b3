"""DefineAuthChallenge: says what comes next in a custom sign-in, from all that was before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.triggers.custom_round import custom_call
from bargate.userpool.triggers.shape import TriggerShape

if TYPE_CHECKING:
    from bargate.userpool.find import Sought
    from bargate.userpool.pools import TriggerCall
    from bargate.userpool.progress import Asked, Progress


class DefineAuthChallengeResponse(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What DefineAuthChallenge says."""

    challenge_name: str | None = None
    issue_tokens: bool | None = None
    fail_authentication: bool | None = None


SHAPE: Final = TriggerShape(
    name="DefineAuthChallenge",
    sources=frozenset({"DefineAuthChallenge_Authentication"}),
    response=DefineAuthChallengeResponse,
)


def define_auth_challenge(asked: Asked, sought: Sought, progress: Progress) -> TriggerCall:
    """Make the call."""
    return custom_call(
        SHAPE.name,
        asked,
        sought,
        {"session": progress.session},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    )
