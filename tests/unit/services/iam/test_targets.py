import itertools
from typing import Any

import pytest
from botocore import xform_name

from bargate.policy import IamUser
from bargate.services.iam import SERVICE
from bargate.services.operation import Caller, OperationCall, Target
from calling import ACCOUNT, NOW, Calling, root

IAM = f"arn:aws:iam::{ACCOUNT}"


def targets(iam: Calling, operation: str, caller: Caller | None = None, **request: Any) -> Any:
    def work(tx: Any) -> list[Target]:
        call = OperationCall(
            account_id=ACCOUNT,
            region="us-east-1",
            partition="aws",
            caller=caller or root(),
            tx=tx,
            now=NOW,
            request_id="r",
        )
        return list(SERVICE.targets(operation, call, request))

    return iam.store.read(work)


@pytest.fixture
def iam(iam: Calling, allow: str) -> Calling:
    tags = [{"Key": "Team", "Value": "x"}]
    policy = f"{IAM}:policy/b"
    iam("CreatePolicy", PolicyName="b", PolicyDocument=allow)
    iam("CreateUser", UserName="u", Path="/p/", Tags=tags, PermissionsBoundary=policy)
    iam("CreateGroup", GroupName="g", Path="/p/")
    iam("CreateServiceLinkedRole", AWSServiceName="ops.apigateway.amazonaws.com")
    return iam


@pytest.mark.parametrize(
    ("operation", "request_", "resource"),
    [
        ("GetUser", {"UserName": "u"}, f"{IAM}:user/p/u"),
        ("CreateUser", {"UserName": "v", "Path": "/q/"}, f"{IAM}:user/q/v"),
        ("DeleteUser", {"UserName": "nobody"}, f"{IAM}:user/nobody"),
        ("AddUserToGroup", {"UserName": "u", "GroupName": "g"}, f"{IAM}:group/p/g"),
        ("CreateGroup", {"GroupName": "h"}, f"{IAM}:group/h"),
        ("ListUsers", {"PathPrefix": "/p/"}, f"{IAM}:user/p/"),
        ("ListPolicies", {}, f"{IAM}:policy/"),
        ("GetAccountSummary", {}, "*"),
        ("SimulateCustomPolicy", {"PolicyInputList": [], "ActionNames": []}, "*"),
        ("SimulatePrincipalPolicy", {"PolicySourceArn": f"{IAM}:user/p/u"}, f"{IAM}:user/p/u"),
        ("CreatePolicy", {"PolicyName": "n", "Path": "/a/"}, f"{IAM}:policy/a/n"),
        ("CreatePolicyVersion", {"PolicyArn": f"{IAM}:policy/b"}, f"{IAM}:policy/b"),
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "d"}, f"{IAM}:mfa/d"),
        (
            "EnableMFADevice",
            {"UserName": "u", "SerialNumber": f"{IAM}:mfa/d"},
            f"{IAM}:user/p/u",
        ),
        ("DeleteVirtualMFADevice", {"SerialNumber": f"{IAM}:mfa/d"}, f"{IAM}:mfa/d"),
        ("CreateOpenIDConnectProvider", {"Url": "https://a.b/c"}, f"{IAM}:oidc-provider/a.b/c"),
        ("CreateSAMLProvider", {"Name": "s"}, f"{IAM}:saml-provider/s"),
        (
            "CreateServiceLinkedRole",
            {"AWSServiceName": "x.amazonaws.com"},
            f"{IAM}:role/aws-service-role/x.amazonaws.com/*",
        ),
        ("GetAccessKeyLastUsed", {"AccessKeyId": "AKIANOBODY"}, "*"),
    ],
)
def test_operations_are_asked_on_their_resource(
    iam: Calling, operation: str, request_: dict[str, Any], resource: str
) -> None:
    (target,) = targets(iam, operation, **request_)
    assert (target.action, target.resource) == (f"iam:{operation}", resource)


def test_a_call_without_a_name_is_asked_on_the_caller(iam: Calling) -> None:
    user = iam("GetUser", UserName="u")["User"]
    caller = Caller(
        account_id=ACCOUNT,
        arn=user["Arn"],
        user_id=user["UserId"],
        principal=IamUser(arn=user["Arn"], account=ACCOUNT, user_id=user["UserId"]),
        access_key_id="AKIA",
    )
    for operation in ("GetUser", "CreateAccessKey", "ListAccessKeys", "ChangePassword"):
        (target,) = targets(iam, operation, caller)
        assert target.resource == f"{IAM}:user/p/u"
        (target,) = targets(iam, operation)
        assert target.resource == f"{IAM}:root"


def test_keys_of_the_context_are_given(iam: Calling) -> None:
    (target,) = targets(
        iam, "AttachUserPolicy", UserName="u", PolicyArn="arn:aws:iam::aws:policy/X"
    )
    assert target.context == {
        "aws:resourcetag/team": "x",
        "iam:resourcetag/team": "x",
        "iam:policyarn": "arn:aws:iam::aws:policy/X",
        "iam:permissionsboundary": f"{IAM}:policy/b",
    }
    (target,) = targets(iam, "TagUser", UserName="v", Tags=[{"Key": "Team", "Value": "y"}])
    assert target.context == {"aws:requesttag/team": "y", "aws:tagkeys": ("Team",)}
    (target,) = targets(iam, "UntagUser", UserName="v", TagKeys=["a", "b"])
    assert target.context == {"aws:tagkeys": ("a", "b")}
    (target,) = targets(iam, "CreateUser", UserName="v", PermissionsBoundary="arn:x")
    assert target.context == {"iam:permissionsboundary": "arn:x"}
    # To take a boundary away one needs the right to do so under the boundary there is.
    (target,) = targets(iam, "DeleteUserPermissionsBoundary", UserName="u")
    assert target.context["iam:permissionsboundary"] == f"{IAM}:policy/b"


def test_a_role_is_passed_to_ec2(iam: Calling) -> None:
    name = "AWSServiceRoleForAPIGateway"
    first, second = targets(iam, "AddRoleToInstanceProfile", InstanceProfileName="i", RoleName=name)
    assert first.resource == f"{IAM}:instance-profile/i"
    assert (second.action, second.context) == (
        "iam:PassRole",
        {"iam:passedtoservice": "ec2.amazonaws.com"},
    )
    assert second.resource.endswith(f"/{name}")


def test_a_renaming_is_asked_on_both_names(iam: Calling) -> None:
    for request, resource in (
        ({"NewUserName": "v"}, "user/p/v"),
        ({"NewPath": "/admins/"}, "user/admins/u"),
        ({"NewPath": "/", "NewUserName": "v"}, "user/v"),
    ):
        first, second = targets(iam, "UpdateUser", UserName="u", **request)
        assert first.resource == f"{IAM}:user/p/u"
        assert second.resource == f"{IAM}:{resource}"
    assert len(targets(iam, "UpdateUser", UserName="u")) == 1


def test_a_device_is_read_with_rights_on_its_owner(iam: Calling) -> None:
    made = iam("CreateVirtualMFADevice", VirtualMFADeviceName="d")["VirtualMFADevice"]
    (target,) = targets(iam, "GetMFADevice", SerialNumber=made["SerialNumber"])
    assert target.resource == f"{IAM}:mfa/d"


def test_every_operation_says_what_it_needs_whatever_it_is_given(iam: Calling) -> None:
    hostile = ["u", "", "\0", "*", "arn:aws:iam::", f"{IAM}:mfa/\0", "é" * 300, "a/b"]
    asked = 0
    for name, text in itertools.product(iam.model.operation_names, hostile):
        if xform_name(name) not in SERVICE.operations:
            continue
        shape = iam.model.operation_model(name).input_shape
        members = {} if shape is None else shape.members
        request = {member: text for member, each in members.items() if each.type_name == "string"}
        found = targets(iam, name, **request)
        assert found
        assert found[0].action == f"iam:{name}"
        asked += 1
    assert asked == len(SERVICE.operations) * len(hostile)
