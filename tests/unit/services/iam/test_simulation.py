import json
from typing import Any

import pytest

from calling import ACCOUNT, Calling

OTHER = "210987654321"
ARN = f"arn:aws:execute-api:us-east-1:{ACCOUNT}:api/prod/GET/pets"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def statement(effect: str = "Allow", action: str = "execute-api:Invoke", **more: Any) -> Any:
    return {"Effect": effect, "Action": action, "Resource": "*", **more}


def simulated(iam: Calling, *policies: str, **more: Any) -> Any:
    request = {
        "PolicyInputList": list(policies),
        "ActionNames": ["execute-api:Invoke"],
        "ResourceArns": [ARN],
    }
    return iam("SimulateCustomPolicy", **(request | more))["EvaluationResults"]


def test_what_is_allowed_tells_the_statement(iam: Calling) -> None:
    text = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    ' + json.dumps(statement()) + "]}"
    (result,) = simulated(iam, policy(statement(action="s3:*")), text)
    assert result["EvalDecision"] == "allowed"
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PolicyInputList.2"
    assert matched["StartPosition"] == {"Line": 4, "Column": 5}
    assert matched["EndPosition"]["Line"] == 4


def test_a_deny_wins_and_stands_alone(iam: Calling) -> None:
    (result,) = simulated(iam, policy(statement(), statement("Deny")))
    assert result["EvalDecision"] == "explicitDeny"
    assert len(result["MatchedStatements"]) == 1


def test_silence_denies(iam: Calling) -> None:
    (result,) = simulated(iam, policy(statement(action="s3:*")))
    assert (result["EvalDecision"], result["MatchedStatements"]) == ("implicitDeny", [])


def test_keys_that_nobody_gave_are_named(iam: Calling) -> None:
    condition = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    text = policy(statement(Condition=condition))
    (result,) = simulated(iam, text)
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:SourceIp"]
    entry = {
        "ContextKeyName": "AWS:sourceip",
        "ContextKeyValues": ["10.1.2.3"],
        "ContextKeyType": "ip",
    }
    (result,) = simulated(iam, text, ContextEntries=[entry])
    assert result["EvalDecision"] == "allowed"
    assert result["MissingContextValues"] == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("ip", ["300.0.0.1"]),
        ("numeric", ["1x"]),
        ("numericList", ["1", "NaN"]),
        ("boolean", ["yes"]),
        ("date", ["tomorrow"]),
        ("binary", ["%"]),
        ("string", ["a", "b"]),
        ("string", []),
    ],
)
def test_context_values_are_of_their_type(iam: Calling, kind: str, values: list[str]) -> None:
    entry = {"ContextKeyName": "a:bcde", "ContextKeyValues": values, "ContextKeyType": kind}
    error = iam.refused(
        "SimulateCustomPolicy",
        PolicyInputList=[policy(statement())],
        ActionNames=["a:b"],
        ContextEntries=[entry],
    )
    assert error.code == "InvalidInput"


def test_a_boundary_limits(iam: Calling) -> None:
    (result,) = simulated(
        iam,
        policy(statement()),
        PermissionsBoundaryPolicyInputList=[policy(statement(action="s3:*"))],
    )
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_every_level_of_service_control_must_allow(iam: Calling) -> None:
    level = {"ServiceControlPolicyInputList": [policy(statement(action="*"))]}
    closed = {"ServiceControlPolicyInputList": [policy(statement(action="s3:*"))]}
    open_ = simulated(iam, policy(statement()), OrderedOrganizationPolicyInputList=[level, level])
    assert open_[0]["EvalDecision"] == "allowed"
    assert open_[0]["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    shut = simulated(iam, policy(statement()), OrderedOrganizationPolicyInputList=[level, closed])
    assert shut[0]["EvalDecision"] == "implicitDeny"
    assert shut[0]["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}


def test_a_resource_policy_needs_a_caller(iam: Calling) -> None:
    arn = iam("CreateUser", UserName="u")["User"]["Arn"]
    resource = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{**statement(), "Principal": {"AWS": arn}}],
        }
    )
    error = iam.refused(
        "SimulateCustomPolicy",
        PolicyInputList=[policy(statement(action="s3:*"))],
        ActionNames=["execute-api:Invoke"],
        ResourcePolicy=resource,
    )
    assert error.code == "InvalidInput"
    nothing = policy(statement(action="s3:*"))
    (result,) = simulated(iam, nothing, ResourcePolicy=resource, CallerArn=arn)
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "resource"
    # In another account both sides must allow.
    (result,) = simulated(
        iam,
        nothing,
        ResourcePolicy=resource,
        CallerArn=arn,
        ResourceOwner=f"arn:aws:iam::{OTHER}:root",
    )
    assert result["EvalDecision"] == "implicitDeny"
    assert result["EvalDecisionDetails"] == {
        "IAM Policy": "implicitDeny",
        "Resource Policy": "allowed",
    }


def test_a_principal_is_simulated_with_its_groups_and_boundary(iam: Calling) -> None:
    arn = iam("CreateUser", UserName="u", Tags=[{"Key": "team", "Value": "x"}])["User"]["Arn"]
    iam("CreateGroup", GroupName="g")
    iam("AddUserToGroup", GroupName="g", UserName="u")
    condition = {"StringEquals": {"aws:PrincipalTag/team": "x", "aws:username": "u"}}
    text = policy(statement(Condition=condition))
    iam("PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=text)
    request: dict[str, Any] = {"PolicySourceArn": arn, "ActionNames": ["execute-api:Invoke"]}
    (result,) = iam("SimulatePrincipalPolicy", **request)["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    assert result["EvalResourceName"] == "*"
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "group"
    excluded = {
        "InlinePolicyIdentifier": {
            "PolicyName": "p",
            "AttachmentType": "group",
            "AttachmentName": "g",
        }
    }
    (result,) = iam("SimulatePrincipalPolicy", PolicyExclusionList=[excluded], **request)[
        "EvaluationResults"
    ]
    assert result["EvalDecision"] == "implicitDeny"
    boundary = iam("CreatePolicy", PolicyName="b", PolicyDocument=policy(statement(action="s3:*")))[
        "Policy"
    ]["Arn"]
    iam("PutUserPermissionsBoundary", UserName="u", PermissionsBoundary=boundary)
    (result,) = iam("SimulatePrincipalPolicy", **request)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    keys = iam("GetContextKeysForPrincipalPolicy", PolicySourceArn=arn)["ContextKeyNames"]
    assert keys == ["aws:PrincipalTag/team", "aws:username"]


def test_results_come_page_by_page(iam: Calling) -> None:
    actions = [f"execute-api:A{number}" for number in range(3)]
    resources = [f"{ARN}/{number}" for number in range(3)]
    seen = []
    marker: dict[str, Any] = {}
    while True:
        page = iam(
            "SimulateCustomPolicy",
            PolicyInputList=[policy(statement(action="*"))],
            ActionNames=actions,
            ResourceArns=resources,
            MaxItems=4,
            **marker,
        )
        seen += [(r["EvalActionName"], r["EvalResourceName"]) for r in page["EvaluationResults"]]
        assert all(len(r["ResourceSpecificResults"]) == 1 for r in page["EvaluationResults"])
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert seen == [(action, resource) for action in actions for resource in resources]


@pytest.mark.parametrize(
    "wrong",
    [
        {"ActionNames": ["*:*"]},
        {"ActionNames": ["s3:*"]},
        {"ActionNames": []},
        {"PolicyInputList": ["{"]},
        {"PolicyInputList": ["[" * 20_000]},
        {"ResourceOwner": "x"},
        {"CallerArn": "x"},
        {"CallerArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b"},
        {"CallerArn": f"arn:aws:iam::{ACCOUNT}:mfa/b"},
        {"CallerArn": f"arn:aws:iam::{ACCOUNT}:user/b"},
        {"PermissionsBoundaryPolicyInputList": [policy(statement())] * 2},
        {"ResourcePolicy": "x", "CallerArn": f"arn:aws:iam::{OTHER}:user/b"},
    ],
)
def test_simulations_that_are_none(iam: Calling, wrong: dict[str, Any]) -> None:
    request = {"PolicyInputList": [policy(statement())], "ActionNames": ["a:b"], **wrong}
    assert iam.refused("SimulateCustomPolicy", **request).code in ("InvalidInput", "NoSuchEntity")


def test_services_a_policy_opens_are_found(iam: Calling) -> None:
    arn = iam("CreateUser", UserName="u")["User"]["Arn"]
    iam("PutUserPolicy", UserName="u", PolicyName="p", PolicyDocument=policy(statement()))
    iam("AttachUserPolicy", UserName="u", PolicyArn="arn:aws:iam::aws:policy/PowerUserAccess")
    found = iam(
        "ListPoliciesGrantingServiceAccess", Arn=arn, ServiceNamespaces=["execute-api", "iam"]
    )["PoliciesGrantingServiceAccess"]
    names = {
        each["ServiceNamespace"]: [p["PolicyName"] for p in each["Policies"]] for each in found
    }
    assert names == {"execute-api": ["p", "PowerUserAccess"], "iam": ["PowerUserAccess"]}
