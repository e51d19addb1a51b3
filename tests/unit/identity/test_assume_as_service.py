import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bargate.identity.assume_as_service import Asked, NotAssumable, assume_as_service
from bargate.services.iam import SERVICE
from bargate.tokens.session import Session
from calling import ACCOUNT, NOW, REGION, Calling

LAMBDA = "lambda.amazonaws.com"
ARN = f"arn:aws:iam::{ACCOUNT}:role/worker"
ASKED = Asked(role_arn=ARN, service=LAMBDA, session_name="one", region=REGION)


def role(*statements: dict[str, Any], **members: Any) -> Calling:
    iam = Calling(SERVICE)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **s} for s in statements],
    }
    iam("CreateRole", RoleName="worker", AssumeRolePolicyDocument=json.dumps(document), **members)
    return iam


def assumed(iam: Calling, asked: Asked = ASKED) -> Session:
    return iam.store.write(lambda tx: assume_as_service(tx, asked, NOW))


def test_a_trusted_service_is_given_a_session() -> None:
    session = assumed(role({"Principal": {"Service": LAMBDA}}))
    assert session.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/one"
    assert (session.issuer_arn, session.expires_at - session.issued_at) == (ARN, 3_600)


@pytest.mark.parametrize(
    "principal",
    [
        {"Service": "ecs-tasks.amazonaws.com"},
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"Federated": LAMBDA},
    ],
)
def test_any_other_principal_is_not_the_service(principal: dict[str, str]) -> None:
    with pytest.raises(NotAssumable, match="does not let lambda"):
        assumed(role({"Principal": principal}))


def test_a_deny_wins() -> None:
    allow = {"Principal": {"Service": LAMBDA}}
    with pytest.raises(NotAssumable):
        assumed(role(allow, {**allow, "Effect": "Deny"}))


def test_another_action_allows_nothing() -> None:
    with pytest.raises(NotAssumable):
        assumed(role({"Principal": {"Service": LAMBDA}, "Action": "sts:TagSession"}))


def test_the_source_is_decided_on() -> None:
    """AWS [D] the confused deputy: a service acts for one source and not for another."""
    source = {"ArnLike": {"aws:SourceArn": "arn:aws:execute-api:*:*:abc/*"}}
    iam = role({"Principal": {"Service": LAMBDA}, "Condition": source})
    right = replace(ASKED, source_arn=f"arn:aws:execute-api:{REGION}:{ACCOUNT}:abc/prod")
    assert assumed(iam, right)
    for wrong in (ASKED, replace(ASKED, source_arn="arn:aws:execute-api:us-east-1:1:other/prod")):
        with pytest.raises(NotAssumable):
            assumed(iam, wrong)


def test_a_duration_is_within_what_the_role_allows() -> None:
    iam = role({"Principal": {"Service": LAMBDA}}, MaxSessionDuration=7_200)
    longest = assumed(iam, replace(ASKED, duration_s=7_200))
    assert timedelta(seconds=longest.expires_at - longest.issued_at) == timedelta(hours=2)
    for duration_s in (0, 899, 7_201):
        with pytest.raises(NotAssumable, match="MaxSessionDuration"):
            assumed(iam, replace(ASKED, duration_s=duration_s))


def test_a_role_that_is_not_there_is_refused() -> None:
    for arn in ("worker", "arn:aws:iam::000000000000:role/other", "arn:aws:iam::1:user/worker"):
        with pytest.raises(NotAssumable, match="There is no role"):
            assumed(role({"Principal": {"Service": LAMBDA}}), replace(ASKED, role_arn=arn))
