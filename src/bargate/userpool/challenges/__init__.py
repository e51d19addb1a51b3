"""Challenges: what a client answers next. One file a challenge, one line each in `CHALLENGES`.

    Answering = async (Pools, Asked, Progress) -> Answer   ChallengeResponses in `asked.parameters`

The session was opened, fits pool, client and challenge, and is used up as an answer is looked at
(`sign_in` gives it back after an answer that may be tried again). What the challenge put into
`Progress.data` as it was posed is there, and nowhere else.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from bargate.userpool.challenges.custom_challenge import custom_challenge
from bargate.userpool.challenges.device_password_verifier import device_password_verifier
from bargate.userpool.challenges.device_srp_auth import device_srp_auth
from bargate.userpool.challenges.mfa_setup import mfa_setup
from bargate.userpool.challenges.new_password_required import new_password_required
from bargate.userpool.challenges.one_time_code import one_time_code
from bargate.userpool.challenges.password_verifier import password_verifier
from bargate.userpool.challenges.select_challenge import answered_by, select_challenge
from bargate.userpool.challenges.select_mfa_type import select_mfa_type
from bargate.userpool.challenges.software_token_mfa import software_token_mfa
from bargate.userpool.challenges.web_authn import web_authn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bargate.userpool.progress import Answering


class ChallengeRule(Struct, frozen=True, kw_only=True):
    """A challenge; its state is in the session, or in the SECRET_BLOCK that SRP's answer brings."""

    answer: Answering
    has_block: bool = False


# AWS [D] cognito-userpools §2
CHALLENGES: Final[Mapping[str, ChallengeRule]] = MappingProxyType(
    {
        "PASSWORD_VERIFIER": ChallengeRule(answer=password_verifier, has_block=True),
        "NEW_PASSWORD_REQUIRED": ChallengeRule(answer=new_password_required),
        "CUSTOM_CHALLENGE": ChallengeRule(answer=custom_challenge),
        "SELECT_CHALLENGE": ChallengeRule(answer=select_challenge),
        "PASSWORD": ChallengeRule(answer=answered_by("PASSWORD", "PASSWORD")),
        "PASSWORD_SRP": ChallengeRule(answer=answered_by("PASSWORD_SRP", "SRP_A")),
        "EMAIL_OTP": ChallengeRule(answer=one_time_code("EMAIL_OTP")),
        "SMS_OTP": ChallengeRule(answer=one_time_code("SMS_OTP")),
        "WEB_AUTHN": ChallengeRule(answer=web_authn),
        "SMS_MFA": ChallengeRule(answer=one_time_code("SMS_MFA")),
        "SOFTWARE_TOKEN_MFA": ChallengeRule(answer=software_token_mfa),
        "SELECT_MFA_TYPE": ChallengeRule(answer=select_mfa_type),
        "DEVICE_SRP_AUTH": ChallengeRule(answer=device_srp_auth),
        "DEVICE_PASSWORD_VERIFIER": ChallengeRule(answer=device_password_verifier, has_block=True),
        "MFA_SETUP": ChallengeRule(answer=mfa_setup),
    }
)
