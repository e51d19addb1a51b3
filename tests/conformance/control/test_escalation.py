"""Ways to more power than one has: each needs a permission of its own, named in the denial."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import ACCOUNT, Endpoint

from conformance.control.iam_script import POLICY, TRUST
from conformance.control.world import ADMINISTRATOR, World

IAM = f"arn:aws:iam::{ACCOUNT}"
EVERYTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
OWN, ADMIN = {"UserName": "agent"}, {"UserName": "admin"}
ROLE, POLICY_ARN = {"RoleName": "own"}, {"PolicyArn": f"{IAM}:policy/own"}
NEW_POLICY = {"PolicyName": "p", "PolicyDocument": EVERYTHING}

# Operation and what is asked: what an attacker with all of IAM's reads and unrelated writes tries.
ATTEMPTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("put_user_policy", {**OWN, **NEW_POLICY}, "PutUserPolicy"),
    ("attach_user_policy", {**OWN, "PolicyArn": ADMINISTRATOR}, "AttachUserPolicy"),
    ("put_group_policy", {"GroupName": "team", **NEW_POLICY}, "PutGroupPolicy"),
    ("attach_group_policy", {"GroupName": "team", "PolicyArn": ADMINISTRATOR},
     "AttachGroupPolicy"),
    ("add_user_to_group", {"GroupName": "admins", **OWN}, "AddUserToGroup"),
    ("put_role_policy", {**ROLE, **NEW_POLICY}, "PutRolePolicy"),
    ("attach_role_policy", {**ROLE, "PolicyArn": ADMINISTRATOR}, "AttachRolePolicy"),
    ("update_assume_role_policy", {"RoleName": "admin", "PolicyDocument": TRUST},
     "UpdateAssumeRolePolicy"),
    ("create_policy_version", {**POLICY_ARN, "PolicyDocument": EVERYTHING, "SetAsDefault": True},
     "CreatePolicyVersion"),
    ("set_default_policy_version", {**POLICY_ARN, "VersionId": "v2"}, "SetDefaultPolicyVersion"),
    ("delete_policy_version", {**POLICY_ARN, "VersionId": "v2"}, "DeletePolicyVersion"),
    ("create_access_key", ADMIN, "CreateAccessKey"),
    ("update_access_key", {**ADMIN, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "Status": "Active"},
     "UpdateAccessKey"),
    ("create_login_profile", {**ADMIN, "Password": "New-password-1!"}, "CreateLoginProfile"),
    ("update_login_profile", {**ADMIN, "Password": "New-password-1!"}, "UpdateLoginProfile"),
    ("delete_user_permissions_boundary", OWN, "DeleteUserPermissionsBoundary"),
    ("put_user_permissions_boundary", {**OWN, "PermissionsBoundary": ADMINISTRATOR},
     "PutUserPermissionsBoundary"),
    ("delete_role_permissions_boundary", ROLE, "DeleteRolePermissionsBoundary"),
    ("detach_user_policy", {**OWN, "PolicyArn": f"{IAM}:policy/own"}, "DetachUserPolicy"),
    ("delete_user_policy", {**OWN, "PolicyName": "given"}, "DeleteUserPolicy"),
    ("tag_user", {**OWN, "Tags": [{"Key": "team", "Value": "admin"}]}, "TagUser"),
    ("tag_role", {**ROLE, "Tags": [{"Key": "team", "Value": "admin"}]}, "TagRole"),
    ("update_user", {**OWN, "NewPath": "/admins/"}, "UpdateUser"),
    ("update_user", {**OWN, "NewUserName": "admin2"}, "UpdateUser"),
    ("create_role", {"RoleName": "new", "AssumeRolePolicyDocument": TRUST}, "CreateRole"),
    ("create_user", {"UserName": "new"}, "CreateUser"),
    ("create_service_specific_credential",
     {**ADMIN, "ServiceName": "codecommit.amazonaws.com"}, "CreateServiceSpecificCredential"),
    ("deactivate_mfa_device", {**ADMIN, "SerialNumber": f"{IAM}:mfa/phone"},
     "DeactivateMFADevice"),
    ("update_saml_provider", {"SAMLProviderArn": f"{IAM}:saml-provider/idp",
                              "SAMLMetadataDocument": "x" * 1000}, "UpdateSAMLProvider"),
    ("add_client_id_to_open_id_connect_provider",
     {"OpenIDConnectProviderArn": f"{IAM}:oidc-provider/x", "ClientID": "me"},
     "AddClientIDToOpenIDConnectProvider"),
)  # fmt: skip


def world_of(endpoint: Endpoint) -> World:
    """Make what the attempts are about, and an agent who may do all but those."""
    world = World(endpoint)
    iam = world.root("iam")
    for name in ("team", "admins"):
        iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName="team", UserName="agent")
    iam.create_user(UserName="admin")
    for name in ("own", "admin"):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="own", PolicyDocument=POLICY)
    iam.create_policy_version(**POLICY_ARN, PolicyDocument=EVERYTHING)
    iam.attach_user_policy(UserName="agent", PolicyArn=POLICY_ARN["PolicyArn"])
    return world


def all_but(action: str) -> str:
    statement = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def refused(call: Callable[..., Any], given: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as error:
        call(**given)
    assert error.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return str(error.value)


def test_all_of_iam_but_one_action_is_not_that_action(endpoint: Endpoint) -> None:
    world = world_of(endpoint)
    tried = 0
    for operation, given, action in ATTEMPTS:
        world.allow("agent", all_but(f"iam:{action}"))
        message = refused(getattr(world.agent("iam"), operation), given)
        assert f"iam:{action} on resource: {IAM}:" in message, message
        tried += 1
    assert tried == len(ATTEMPTS) == 30
    assert world.root("iam").get_policy(**POLICY_ARN)["Policy"]["DefaultVersionId"] == "v1"


def test_power_over_oneself_is_none_over_others(endpoint: Endpoint) -> None:
    world = world_of(endpoint)
    own = {"Effect": "Allow", "Action": "iam:*", "Resource": f"{IAM}:user/${{aws:username}}"}
    world.allow("agent", json.dumps({"Version": "2012-10-17", "Statement": [own]}))
    iam = world.agent("iam")
    made = iam.create_access_key()["AccessKey"]  # of oneself, unless another is named
    assert made["UserName"] == "agent"
    iam.delete_access_key(AccessKeyId=made["AccessKeyId"])
    for call, given in (
        (iam.create_access_key, ADMIN),
        (iam.create_access_key, {"UserName": "AGENT2"}),
        (iam.put_user_policy, {**ADMIN, **NEW_POLICY}),
        (iam.add_user_to_group, {"GroupName": "admins", **OWN}),
        (iam.update_user, {**OWN, "NewUserName": "other"}),
        (iam.list_users, {}),
    ):
        refused(call, given)


def test_a_session_of_a_role_cannot_change_the_role(endpoint: Endpoint) -> None:
    world = world_of(endpoint)
    world.allow("agent", all_but("none:None"))
    given = world.agent("sts").assume_role(RoleArn=f"{IAM}:role/own", RoleSessionName="work")
    keys = given["Credentials"]
    session = endpoint.client(
        "iam", keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
    )
    for call, asked in (
        (session.put_role_policy, {**ROLE, **NEW_POLICY}),
        (session.attach_role_policy, {**ROLE, "PolicyArn": ADMINISTRATOR}),
        (session.update_assume_role_policy, {**ROLE, "PolicyDocument": TRUST}),
        (session.create_access_key, OWN),
    ):
        message = refused(call, asked)
        assert "assumed-role/own/work is not authorized to perform: iam:" in message


def test_a_removed_permission_is_gone_with_the_answer(endpoint: Endpoint) -> None:
    world = world_of(endpoint)
    world.allow("agent", all_but("none:None"))
    world.agent("iam").list_users()
    world.root("iam").delete_user_policy(UserName="agent", PolicyName="given")
    endpoint.published()
    refused(world.agent("iam").list_users, {})


@pytest.mark.parametrize("operation", ["test_invoke_method", "test_invoke_authorizer"])
def test_tests_of_an_api_need_permission_to_post(endpoint: Endpoint, operation: str) -> None:
    world = World(endpoint)
    api = world.root("apigateway").create_rest_api(name="x")
    world.root("apigateway").put_method(
        restApiId=api["id"],
        resourceId=api["rootResourceId"],
        httpMethod="GET",
        authorizationType="NONE",
    )
    given: dict[str, Any] = {"restApiId": api["id"]}
    if operation == "test_invoke_method":
        given |= {"resourceId": api["rootResourceId"], "httpMethod": "GET"}
    else:
        given |= {"authorizerId": "abc123"}
    statement = {"Effect": "Allow", "Action": ["apigateway:GET", "execute-api:*"], "Resource": "*"}
    world.allow("agent", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert "apigateway:POST" in refused(getattr(world.agent("apigateway"), operation), given)


def test_a_role_is_put_on_a_machine_with_pass_role_alone(endpoint: Endpoint) -> None:
    world = world_of(endpoint)
    world.root("iam").create_instance_profile(InstanceProfileName="m")
    given = {"InstanceProfileName": "m", "RoleName": "admin"}
    world.allow("agent", all_but("iam:PassRole"))
    message = refused(world.agent("iam").add_role_to_instance_profile, given)
    assert f"iam:PassRole on resource: {IAM}:role/admin" in message
