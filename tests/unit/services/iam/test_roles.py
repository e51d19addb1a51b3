import json
from typing import Any
from urllib.parse import unquote

import pytest

from bargate.services.iam import SERVICE
from calling import ACCOUNT, Calling, root

OTHER = "210987654321"


def trust(principal: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


LAMBDA = trust({"Service": "lambda.amazonaws.com"})


def shown(role: dict[str, Any]) -> Any:
    return json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"][0]["Principal"]


def test_a_role_is_made_and_found(iam: Calling) -> None:
    role = iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA, Description="d")["Role"]
    assert role["RoleId"].startswith("AROA")
    assert role["MaxSessionDuration"] == 3600
    assert unquote(role["AssumeRolePolicyDocument"]) == LAMBDA
    assert iam("GetRole", RoleName="r")["Role"] == role
    assert iam.refused("GetRole", RoleName="R").message == "The role with name R cannot be found."


def test_documents_are_percent_encoded(iam: Calling) -> None:
    role = iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA)["Role"]
    assert role["AssumeRolePolicyDocument"].startswith("%7B%22Version%22%3A%20%222012-10-17%22")


def test_a_principal_made_again_does_not_regain_access(iam: Calling) -> None:
    arn = iam("CreateUser", UserName="bob")["User"]["Arn"]
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": [arn]}))
    assert shown(iam("GetRole", RoleName="r")["Role"]) == {"AWS": [arn]}
    first_id = iam("GetUser", UserName="bob")["User"]["UserId"]
    iam("DeleteUser", UserName="bob")
    iam("CreateUser", UserName="bob")
    assert shown(iam("GetRole", RoleName="r")["Role"]) == {"AWS": [first_id]}


def test_what_is_stored_names_principals_by_id(iam: Calling) -> None:
    from bargate.identity.find import role_named

    user = iam("CreateUser", UserName="bob", Path="/x/")["User"]
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": user["Arn"]}))
    role = iam.store.read(lambda tx: role_named(tx, ACCOUNT, "r"))
    assert role is not None
    assert user["Arn"] not in role.trust_policy
    assert user["UserId"] in role.trust_policy


def test_a_renamed_principal_is_shown_by_its_new_name(iam: Calling) -> None:
    arn = iam("CreateUser", UserName="bob")["User"]["Arn"]
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": arn}))
    iam("UpdateUser", UserName="bob", NewUserName="alice")
    assert shown(iam("GetRole", RoleName="r")["Role"]) == {
        "AWS": f"arn:aws:iam::{ACCOUNT}:user/alice"
    }


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": f"arn:aws:iam::{ACCOUNT}:user/nobody"},
        {"AWS": f"arn:aws:iam::{OTHER}:role/nobody"},
        {"AWS": "AIDAAAAAAAAAAAAAAAAAA"},
        {"AWS": "arn:aws:iam::123456789012:user/*"},
        "*",
    ],
)
def test_principals_must_exist(iam: Calling, principal: Any) -> None:
    error = iam.refused("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(principal))
    assert error.code == "MalformedPolicyDocument"
    assert error.message.startswith("Invalid principal in policy:")
    assert iam("ListRoles")["Roles"] == []


def test_a_user_of_another_account_of_the_installation_can_be_trusted(iam: Calling) -> None:
    other = Calling(SERVICE, store=iam.store, caller=root(OTHER))
    arn = other("CreateUser", UserName="bob")["User"]["Arn"]
    role = iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=trust({"AWS": arn}))["Role"]
    assert shown(role) == {"AWS": arn}


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"Statement": 1}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}',
        "[" * 100_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        "\ud800",
        '{"Version":"2012-10-17","Statement":"\u0142"}',
    ],
)
def test_trust_policies_that_are_none(iam: Calling, document: str) -> None:
    if document:
        error = iam.refused("CreateRole", RoleName="r", AssumeRolePolicyDocument=document)
        assert error.code in ("MalformedPolicyDocument", "LimitExceeded")


def test_a_trust_policy_is_bounded_without_its_white_space(iam: Calling) -> None:
    document = json.dumps(json.loads(trust({"AWS": "*"})), indent=200)
    assert len(document) > 2_048
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=document)
    long = json.loads(trust({"AWS": "*"}))
    long["Statement"][0]["Sid"] = "a" * 2_048
    error = iam.refused("UpdateAssumeRolePolicy", RoleName="r", PolicyDocument=json.dumps(long))
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for ACLSizePerRole: 2048",
    )


def test_sessions_last_an_hour_to_twelve(iam: Calling) -> None:
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA, MaxSessionDuration=43_200)
    for seconds in (43_201, 10**9):
        error = iam.refused("UpdateRole", RoleName="r", MaxSessionDuration=seconds)
        assert error.code == "ValidationError"
    iam("UpdateRole", RoleName="r", Description="new")
    role = iam("GetRole", RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("new", 43_200)


def test_a_role_is_deleted_only_when_nothing_is_left(iam: Calling, allow: str) -> None:
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA)
    iam("CreateInstanceProfile", InstanceProfileName="p")
    iam("AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")
    iam("PutRolePolicy", RoleName="r", PolicyName="i", PolicyDocument=allow)
    iam("AttachRolePolicy", RoleName="r", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    for what, operation, members in (
        (
            "remove roles from instance profile",
            "RemoveRoleFromInstanceProfile",
            {"InstanceProfileName": "p"},
        ),
        (
            "detach all policies",
            "DetachRolePolicy",
            {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
        ("delete policies", "DeleteRolePolicy", {"PolicyName": "i"}),
    ):
        error = iam.refused("DeleteRole", RoleName="r")
        assert error.message == f"Cannot delete entity, must {what} first."
        iam(operation, RoleName="r", **members)
    iam("DeleteRole", RoleName="r")


def test_an_instance_profile_has_one_role(iam: Calling) -> None:
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=LAMBDA)
    iam("CreateRole", RoleName="s", AssumeRolePolicyDocument=LAMBDA)
    made = iam("CreateInstanceProfile", InstanceProfileName="p")["InstanceProfile"]
    assert made["InstanceProfileId"].startswith("AIPA")
    iam("AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="r")
    error = iam.refused("AddRoleToInstanceProfile", InstanceProfileName="p", RoleName="s")
    assert error.message == "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1"
    assert iam.refused("DeleteInstanceProfile", InstanceProfileName="p").code == "DeleteConflict"
    found = iam("ListInstanceProfilesForRole", RoleName="r")["InstanceProfiles"]
    assert [each["InstanceProfileName"] for each in found] == ["p"]
    assert found[0]["Roles"][0]["RoleName"] == "r"


def test_a_service_linked_role_is_changed_by_nobody(iam: Calling, allow: str) -> None:
    role = iam("CreateServiceLinkedRole", AWSServiceName="ops.apigateway.amazonaws.com")["Role"]
    assert role["RoleName"] == "AWSServiceRoleForAPIGateway"
    assert role["Path"] == "/aws-service-role/ops.apigateway.amazonaws.com/"
    name = role["RoleName"]
    for operation, members in (
        ("DeleteRole", {}),
        ("UpdateRole", {"MaxSessionDuration": 7200}),
        ("UpdateAssumeRolePolicy", {"PolicyDocument": trust({"AWS": "*"})}),
        ("PutRolePolicy", {"PolicyName": "p", "PolicyDocument": allow}),
        ("AttachRolePolicy", {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("TagRole", {"Tags": []}),
    ):
        assert iam.refused(operation, RoleName=name, **members).code == "UnmodifiableEntity"
    task = iam("DeleteServiceLinkedRole", RoleName=name)["DeletionTaskId"]
    status = iam("GetServiceLinkedRoleDeletionStatus", DeletionTaskId=task)
    assert status["Status"] == "SUCCEEDED"
    error = iam.refused("GetServiceLinkedRoleDeletionStatus", DeletionTaskId="task/x/y/z")
    assert error.code == "NoSuchEntity"
    assert iam.refused("GetRole", RoleName=name).code == "NoSuchEntity"


def test_nobody_makes_a_role_that_looks_linked_to_a_service(iam: Calling) -> None:
    error = iam.refused(
        "CreateRole", RoleName="r", Path="/aws-service-role/x/", AssumeRolePolicyDocument=LAMBDA
    )
    assert error.code == "ValidationError"
    iam("CreateRole", RoleName="own", AssumeRolePolicyDocument=LAMBDA)
    assert iam.refused("DeleteServiceLinkedRole", RoleName="own").code == "InvalidInput"
