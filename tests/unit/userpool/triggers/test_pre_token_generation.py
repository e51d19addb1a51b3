"""What a function may make of tokens, and what it may not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bargate.records.pool_group import PoolGroup
from bargate.records.pool_user import PoolUser
from bargate.records.user_pool import UserPool
from bargate.records.user_pool_client import UserPoolClient
from bargate.userpool.progress import Asked
from bargate.userpool.triggers.event import event_of
from bargate.userpool.triggers.pre_token_generation import overrides_of, pre_token_generation

NOW = datetime(2026, 4, 7, tzinfo=UTC)
ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
FIXED = [
    "acr",
    "amr",
    "aud",
    "at_hash",
    "auth_time",
    "azp",
    "cognito:username",
    "exp",
    "iat",
    "identities",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "origin_jti",
    "sub",
    "token_use",
    "dev:x",
    "client_id",
    "username",
    "scope",
    "event_id",
    "device_key",
    "version",
]
ID = {"sub": "s", "iss": "i", "aud": "c", "email": "a@b", "cognito:groups": ["g"], "exp": 1}
ACCESS = {
    "sub": "s", "client_id": "c", "username": "ann", "cognito:groups": ["g"],
    "scope": "aws.cognito.signin.user.admin pets/read",
}  # fmt: skip
V1, V2 = "claimsOverrideDetails", "claimsAndScopeOverrideDetails"


def asked(version: str) -> Asked:
    pool = UserPool(
        account_id="1" * 12,
        region="us-east-1",
        id="us-east-1_EXAMPLE",
        name="p",
        created_at=NOW,
        modified_at=NOW,
        schema=(),
        lambda_config={"PreTokenGenerationConfig": {"LambdaArn": ARN, "LambdaVersion": version}},
    )
    client = UserPoolClient(pool_id=pool.id, id="c", name="c", created_at=NOW, modified_at=NOW)
    return Asked(pool=pool, client=client, flow="USER_PASSWORD_AUTH", parameters={}, now=NOW)


def tokens(version: str, response: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    found = overrides_of(asked(version), response)
    return found.of_id_token(ID), found.of_access_token(ACCESS)


def test_the_event_of_a_second_version_is_aws_sample() -> None:
    user = PoolUser(
        pool_id="us-east-1_EXAMPLE",
        sub="a36036a8-9061-424d-a737-56d57dae7bc6",
        username="JaneDoe",
        case_sensitive=True,
        attributes={"email_verified": "true", "email": "testuser@example.com"},
        aliases=("email",),
        status="CONFIRMED",
        created_at=NOW,
        modified_at=NOW,
    )
    scope = "aws.cognito.signin.user.admin"
    call = pre_token_generation(asked("V2_0"), user, (), "TokenGeneration_Authentication", scope)
    assert event_of(call) == {
        "version": "2",
        "triggerSource": "TokenGeneration_Authentication",
        "region": "us-east-1",
        "userPoolId": "us-east-1_EXAMPLE",
        "userName": "JaneDoe",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "c"},
        "request": {
            "userAttributes": {
                "sub": "a36036a8-9061-424d-a737-56d57dae7bc6",
                "cognito:email_alias": "testuser@example.com",
                "cognito:user_status": "CONFIRMED",
                "email_verified": "true",
                "email": "testuser@example.com",
            },
            "groupConfiguration": {
                "groupsToOverride": [],
                "iamRolesToOverride": [],
                "preferredRole": None,
            },
            "scopes": ["aws.cognito.signin.user.admin"],
        },
        "response": {"claimsAndScopeOverrideDetails": None},
    }


def test_the_first_version_is_told_of_groups_and_not_of_scopes() -> None:
    user = PoolUser(
        pool_id="p", sub="s", username="ann", case_sensitive=True, attributes={},
        status="CONFIRMED", created_at=NOW, modified_at=NOW,
    )  # fmt: skip
    groups = tuple(
        PoolGroup(
            pool_id="p", name=name, precedence=number, role_arn=f"arn:{name}", created_at=NOW,
            modified_at=NOW,
        )
        for number, name in ((2, "late"), (1, "early"))
    )  # fmt: skip
    event = event_of(pre_token_generation(asked("V1_0"), user, groups, "x", "a b"))
    assert event["version"] == "1"
    assert event["response"] == {V1: None}
    assert "scopes" not in event["request"]
    assert event["request"]["groupConfiguration"] == {
        "groupsToOverride": ["early", "late"],
        "iamRolesToOverride": ["arn:early", "arn:late"],
        "preferredRole": "arn:early",
    }


@pytest.mark.parametrize("response", [{}, {V1: None}, {V1: {}}, {V2: {"idTokenGeneration": {}}}])
def test_who_says_nothing_changes_nothing(response: dict[str, Any]) -> None:
    assert tokens("V1_0", response) == (ID, ACCESS)


def test_the_first_version_changes_the_id_token_alone() -> None:
    said = {"claimsToAddOrOverride": {"tier": "gold", "email": "x@y"}, "claimsToSuppress": ["exp"]}
    identity, access = tokens("V1_0", {V1: said})
    assert identity == {**ID, "tier": "gold", "email": "x@y"}
    assert access == ACCESS


def test_what_is_both_added_and_suppressed_is_left_out() -> None:
    said = {"claimsToAddOrOverride": {"email": "x@y"}, "claimsToSuppress": ["email"]}
    assert "email" not in tokens("V1_0", {V1: said})[0]


@pytest.mark.parametrize("version", ["V1_0", "V2_0", "V3_0"])
def test_no_function_changes_what_tokens_stand_by(version: str) -> None:
    every = dict.fromkeys(FIXED, "forged")
    one = {"claimsToAddOrOverride": every, "claimsToSuppress": list(every)}
    both = {V1: one, V2: {"idTokenGeneration": one, "accessTokenGeneration": one}}
    assert tokens(version, both) == (ID, ACCESS)


def test_groups_are_changed_by_their_own_member_alone() -> None:
    forged = {"cognito:groups": "admins", "cognito:roles": "arn:x"}
    assert tokens("V1_0", {V1: {"claimsToAddOrOverride": forged}}) == (ID, ACCESS)


@pytest.mark.parametrize("empty", [None, {}, {"groupsToOverride": []}])
def test_empty_groups_are_no_groups(empty: Any) -> None:
    for version, member in (("V1_0", V1), ("V2_0", V2)):
        identity, access = tokens(version, {member: {"groupOverrideDetails": empty}})
        assert "cognito:groups" not in identity | access


def test_groups_and_roles_are_replaced() -> None:
    details = {
        "groupsToOverride": ["a", "b"],
        "iamRolesToOverride": ["arn:1"],
        "preferredRole": "arn:1",
    }
    identity, access = tokens("V2_0", {V2: {"groupOverrideDetails": details}})
    assert identity["cognito:groups"] == access["cognito:groups"] == ["a", "b"]
    assert (identity["cognito:roles"], identity["cognito:preferred_role"]) == (["arn:1"], "arn:1")
    assert "cognito:roles" not in access


def test_later_versions_change_the_access_token_with_any_json() -> None:
    claims = {"tier": {"name": "gold", "levels": [1, True, None]}}
    said = {"accessTokenGeneration": {"claimsToAddOrOverride": claims}}
    identity, access = tokens("V2_0", {V2: said})
    assert (identity, access) == (ID, {**ACCESS, **claims})


def test_scopes_are_added_and_suppressed() -> None:
    said = {
        "scopesToAdd": [
            "pets/write", "pets/read", "gone", "two words", "", " x", "openid",
            "aws.cognito.signin.user.admin",
        ],
        "scopesToSuppress": ["gone", "aws.cognito.signin.user.admin"],
    }  # fmt: skip
    _, access = tokens("V3_0", {V2: {"accessTokenGeneration": said}})
    assert access["scope"] == "pets/read pets/write"
    nothing = {"scopesToSuppress": ACCESS["scope"].split()}  # type: ignore[attr-defined]
    _, access = tokens("V3_0", {V2: {"accessTokenGeneration": nothing}})
    assert "scope" not in access


def test_no_function_gives_a_token_our_own_scopes() -> None:
    said = {"scopesToAdd": ["openid", "email", "aws.cognito.signin.user.admin", "aws.cognito.x"]}
    found = overrides_of(asked("V2_0"), {V2: {"accessTokenGeneration": said}})
    assert found.of_access_token({"scope": "pets/read"})["scope"] == "pets/read"
