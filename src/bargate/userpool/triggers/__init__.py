"""Lambda triggers of user pools: one file a trigger, one line each in `TRIGGERS`.

    call site ──► TriggerCall ──► event ──► function (5 s, three attempts) ──► its event back
              ◄── response, of the shape that `TRIGGERS` says ◄──────────────────┘
                  UserLambdaValidationException: the function threw
                  InvalidLambdaResponseException: what it returned is no event, or of another shape
                  UnexpectedLambdaException: it could not be invoked

    event                 what a function is sent; attributes as triggers see them
    run                   FunctionTriggers: invoking, attempts, errors
    pre_sign_up, …        a trigger's sources, the call that is made for it, how its answer is read

Where do I add one? A file here with its shape, and a line in `TRIGGERS`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bargate.userpool.triggers.create_auth_challenge import SHAPE as CREATE_AUTH_CHALLENGE
from bargate.userpool.triggers.custom_message import SHAPE as CUSTOM_MESSAGE
from bargate.userpool.triggers.define_auth_challenge import SHAPE as DEFINE_AUTH_CHALLENGE
from bargate.userpool.triggers.post_authentication import SHAPE as POST_AUTHENTICATION
from bargate.userpool.triggers.post_confirmation import SHAPE as POST_CONFIRMATION
from bargate.userpool.triggers.pre_authentication import SHAPE as PRE_AUTHENTICATION
from bargate.userpool.triggers.pre_sign_up import SHAPE as PRE_SIGN_UP
from bargate.userpool.triggers.pre_token_generation import SHAPE as PRE_TOKEN_GENERATION
from bargate.userpool.triggers.user_migration import SHAPE as USER_MIGRATION
from bargate.userpool.triggers.verify_auth_challenge import SHAPE as VERIFY_AUTH_CHALLENGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.userpool.triggers.shape import TriggerShape

# AWS [D] cognito-userpools §7. The custom senders answer nothing and are not run: `custom_sender`.
TRIGGERS: Final[Mapping[str, TriggerShape]] = MappingProxyType(
    {
        each.name: each
        for each in (
            PRE_SIGN_UP,
            POST_CONFIRMATION,
            PRE_AUTHENTICATION,
            POST_AUTHENTICATION,
            DEFINE_AUTH_CHALLENGE,
            CREATE_AUTH_CHALLENGE,
            VERIFY_AUTH_CHALLENGE,
            PRE_TOKEN_GENERATION,
            USER_MIGRATION,
            CUSTOM_MESSAGE,
        )
    }
)
