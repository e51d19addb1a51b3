from __future__ import annotations

from typing import Any

import pytest

from bargate.access.policy_keys import check_keys
from bargate.model.invalid import InvalidConfiguration
from bargate.policy import PolicyKind, parse_policy

ARN = "arn:aws:execute-api:us-east-1:123456789012:petstore/*"


def check(effect: str, condition: dict[str, Any], *, signed: bool = False, **fields: Any) -> None:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": ARN}
    statement = {**allow, "Effect": effect, "Condition": condition, **fields}
    if "NotResource" in fields:
        del statement["Resource"]
    document = {"Version": "2012-10-17", "Statement": [allow, statement]}
    check_keys(parse_policy(document, PolicyKind.RESOURCE), signed=signed)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("aws:SourceIpp", "did you mean aws:SourceIp?"),
        ("aws:SourceVPCEndpoint", "aws:"),
        ("s3:prefix", "aws:SourceIp"),
        ("aws:PrincipalTag/", "aws:PrincipalTag"),
        ("execute-api:x", "aws:SourceIp"),
    ],
)
def test_an_unknown_key_is_refused(effect: str, key: str, said: str) -> None:
    with pytest.raises(InvalidConfiguration, match=key) as refused:
        check(effect, {"StringEquals": {key: "x"}})
    assert refused.value.path == ("Statement", "1", "Condition", "StringEquals", key)
    assert said in refused.value.message


NEVER = [
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"ArnLike": {"AWS:principalarn": "arn:aws:iam::1:role/x"}},
    {"Null": {"aws:SourceVpce": "false"}},
    {"ForAnyValue:StringNotEquals": {"aws:CalledVia": "x"}},
    {"StringEquals": {"aws:PrincipalTag/team": "x"}},
    {"StringLike": {"aws:UserAgent": "${aws:username}*"}},
    {"StringEquals": {"aws:UserAgent": "x"}, "Bool": {"aws:ViaAWSService": "true"}},
]
HOLDS = [
    {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}},
    {"Null": {"aws:SourceVpce": "true"}},
    {"Null": {"aws:SourceVpce": ["true", "false"]}},
    {"ForAllValues:StringEquals": {"aws:CalledVia": "x"}},
    {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"DateLessThan": {"AWS:currenttime": "2030-01-01T00:00:00Z"}},
    {"StringLike": {"aws:UserAgent": "${aws:username, 'nobody'}*"}},
    {"StringNotLike": {"aws:UserAgent": "${aws:username}*"}},
    {"StringLike": {"aws:UserAgent": "${aws:Referer}*"}},
]


@pytest.mark.parametrize("condition", NEVER)
def test_a_deny_that_would_never_apply_is_refused(condition: dict[str, Any]) -> None:
    with pytest.raises(InvalidConfiguration, match="this Deny would never apply"):
        check("Deny", condition)
    check("Allow", condition)  # allows nobody


@pytest.mark.parametrize("condition", HOLDS)
@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_conditions_that_can_hold_may_stand(effect: str, condition: dict[str, Any]) -> None:
    check(effect, condition)


def test_variables_are_keys_too() -> None:
    own = ARN.replace("*", "prod/GET/${aws:username}")
    with pytest.raises(InvalidConfiguration, match="aws:username") as refused:
        check("Deny", {}, Resource=own)
    assert refused.value.path == ("Statement", "1", "Resource", "0")
    check("Allow", {}, Resource=own)
    check("Deny", {}, NotResource=own)  # covers what a missing variable would have excluded
    with pytest.raises(InvalidConfiguration, match="aws:user is not"):
        check("Allow", {}, Resource=own.replace("username", "user"))


@pytest.mark.parametrize(
    "key",
    ["aws:PrincipalArn", "aws:userid", "aws:PrincipalTag/team", "aws:TokenIssueTime",
     "aws:multifactorauthpresent", "aws:SourceIdentity"],
)  # fmt: skip
def test_a_deny_may_test_the_signer_where_calls_are_signed(key: str) -> None:
    check("Deny", {"StringEquals": {key: "x"}}, signed=True)
    check("Deny", {"StringEquals": {"aws:UserAgent": f"${{{key}}}"}}, signed=True)
    with pytest.raises(InvalidConfiguration):
        check("Deny", {"StringEquals": {key: "x"}})


@pytest.mark.parametrize("key", ["aws:PrincipalOrgID", "aws:SourceVpce", "aws:RequestTag/a"])
def test_a_signed_call_has_no_organization_or_endpoint_either(key: str) -> None:
    with pytest.raises(InvalidConfiguration):
        check("Deny", {"StringEquals": {key: "x"}}, signed=True)
