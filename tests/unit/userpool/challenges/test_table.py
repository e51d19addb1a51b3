"""The table of challenges against AWS's model."""

from __future__ import annotations

import botocore.session

from bargate.userpool.challenges import CHALLENGES

# AWS [D] cognito-userpools §2: what is posed to nobody here, or cannot be answered.
UNANSWERED = {"ADMIN_NO_SRP_AUTH"}


def test_every_challenge_of_aws_is_answered() -> None:
    model = botocore.session.get_session().get_service_model("cognito-idp")
    known = set(model.shape_for("ChallengeNameType").enum)  # type: ignore[attr-defined]
    assert known - set(CHALLENGES) == UNANSWERED
    assert set(CHALLENGES) <= known
