import json
from urllib.parse import unquote

import pytest

from bargate.services.iam import SERVICE
from calling import Calling, root

OTHER = "210987654321"


def test_an_alias_is_one_and_unique(iam: Calling) -> None:
    iam("CreateAccountAlias", AccountAlias="acme")
    iam("CreateAccountAlias", AccountAlias="acme-2")
    assert iam("ListAccountAliases")["AccountAliases"] == ["acme-2"]
    other = Calling(SERVICE, store=iam.store, caller=root(OTHER))
    error = other.refused("CreateAccountAlias", AccountAlias="acme-2")
    assert error.message == "The account alias acme-2 already exists."
    assert other.refused("DeleteAccountAlias", AccountAlias="acme-2").code == "NoSuchEntity"
    iam("DeleteAccountAlias", AccountAlias="acme-2")
    assert iam("ListAccountAliases")["AccountAliases"] == []


@pytest.mark.parametrize("alias", ["Acme", "a--b", "-ab", "ab-", "123456789012", "a.b", "ab\n"])
def test_aliases_that_are_none(iam: Calling, alias: str) -> None:
    assert iam.refused("CreateAccountAlias", AccountAlias=alias).code == "ValidationError"


def test_the_summary_counts(iam: Calling, allow: str) -> None:
    iam("CreateUser", UserName="u")
    iam("CreatePolicy", PolicyName="p", PolicyDocument=allow)
    numbers = iam("GetAccountSummary")["SummaryMap"]
    assert (numbers["Users"], numbers["Policies"], numbers["Roles"]) == (1, 1, 0)
    assert numbers["UsersQuota"] == 5000
    shape = iam.model.shape_for("summaryKeyType")
    assert set(numbers) <= set(shape.enum)


def test_authorization_details_tell_everything(iam: Calling, allow: str) -> None:
    arn = iam("CreatePolicy", PolicyName="p", PolicyDocument=allow)["Policy"]["Arn"]
    iam("CreateUser", UserName="u", PermissionsBoundary=arn)
    iam("CreateGroup", GroupName="g")
    iam("AddUserToGroup", GroupName="g", UserName="u")
    iam("PutGroupPolicy", GroupName="g", PolicyName="i", PolicyDocument=allow)
    iam("AttachUserPolicy", UserName="u", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam("CreateServiceLinkedRole", AWSServiceName="x.amazonaws.com")
    found = iam("GetAccountAuthorizationDetails")
    (user,) = found["UserDetailList"]
    assert user["GroupList"] == ["g"]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    assert user["AttachedManagedPolicies"][0]["PolicyName"] == "ReadOnlyAccess"
    (group,) = found["GroupDetailList"]
    assert unquote(group["GroupPolicyList"][0]["PolicyDocument"]) == allow
    (role,) = found["RoleDetailList"]
    assert json.loads(unquote(role["AssumeRolePolicyDocument"]))["Statement"]
    assert [policy["PolicyName"] for policy in found["Policies"]] == ["p", "ReadOnlyAccess"]
    names = []
    marker: dict[str, str] = {}
    while True:
        page = iam("GetAccountAuthorizationDetails", MaxItems=2, **marker)
        names += [each["UserName"] for each in page["UserDetailList"]]
        names += [each["GroupName"] for each in page["GroupDetailList"]]
        names += [each["RoleName"] for each in page["RoleDetailList"]]
        names += [each["PolicyName"] for each in page["Policies"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert names == ["u", "g", "AWSServiceRoleForX", "p", "ReadOnlyAccess"]
    only = iam("GetAccountAuthorizationDetails", Filter=["Group"])
    assert (len(only["GroupDetailList"]), only["UserDetailList"], only["Policies"]) == (1, [], [])
