import json

import pytest

from calling import ACCOUNT, Calling

ALLOW = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
    }
)


def test_a_user_is_made_and_found(iam: Calling) -> None:
    made = iam("CreateUser", UserName="Bob", Path="/team/", Tags=[{"Key": "a", "Value": "b"}])
    user = made["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/Bob"
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21
    found = iam("GetUser", UserName="Bob")["User"]
    assert found == user
    assert found["Tags"] == [{"Key": "a", "Value": "b"}]


def test_names_differ_by_more_than_case(iam: Calling) -> None:
    iam("CreateUser", UserName="Bob")
    error = iam.refused("CreateUser", UserName="bOB")
    assert (error.code, error.message) == (
        "EntityAlreadyExists",
        "User with name bOB already exists.",
    )


def test_a_user_is_not_found_by_another_spelling(iam: Calling) -> None:
    iam("CreateUser", UserName="Bob")
    error = iam.refused("DeleteUser", UserName="bob")
    assert (error.code, error.message) == (
        "NoSuchEntity",
        "The user with name bob cannot be found.",
    )


@pytest.mark.parametrize("name", ["bоb", "b\u212aob", "a b", "x/y", "..%2f", "a\0b", "é", "*"])  # noqa: RUF001
def test_names_are_of_ascii_letters(iam: Calling, name: str) -> None:
    assert iam.refused("CreateUser", UserName=name).code == "ValidationError"
    assert iam.refused("GetUser", UserName=name).code == "NoSuchEntity"


@pytest.mark.parametrize(
    "path", ["", "x", "/x", "x/", "/a b/", "/é/", "/\0/", "/" + "x" * 520 + "/"]
)
def test_a_path_begins_and_ends_with_a_slash(iam: Calling, path: str) -> None:
    if path:
        assert iam.refused("CreateUser", UserName="u", Path=path).code == "ValidationError"


def test_a_path_that_climbs_is_a_text_as_any(iam: Calling) -> None:
    iam("CreateUser", UserName="root", Path="/../../")
    user = iam("GetUser", UserName="root")["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/../../root"


def test_a_renamed_user_keeps_all_it_has(iam: Calling) -> None:
    before = iam("CreateUser", UserName="Bob")["User"]
    key = iam("CreateAccessKey", UserName="Bob")["AccessKey"]
    iam("PutUserPolicy", UserName="Bob", PolicyName="p", PolicyDocument=ALLOW)
    iam("CreateGroup", GroupName="G")
    iam("AddUserToGroup", GroupName="G", UserName="Bob")
    iam("UpdateUser", UserName="Bob", NewUserName="Alice", NewPath="/x/")
    after = iam("GetUser", UserName="Alice")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"].endswith(":user/x/Alice")
    assert iam.refused("GetUser", UserName="Bob").code == "NoSuchEntity"
    keys = iam("ListAccessKeys", UserName="Alice")["AccessKeyMetadata"]
    assert [(each["AccessKeyId"], each["UserName"]) for each in keys] == [
        (key["AccessKeyId"], "Alice")
    ]
    assert iam("ListUserPolicies", UserName="Alice")["PolicyNames"] == ["p"]
    assert iam("GetGroup", GroupName="G")["Users"][0]["UserName"] == "Alice"


def test_a_user_may_change_the_case_of_its_own_name(iam: Calling) -> None:
    iam("CreateUser", UserName="bob")
    iam("UpdateUser", UserName="bob", NewUserName="Bob")
    assert iam("GetUser", UserName="Bob")["User"]["UserName"] == "Bob"


def test_a_user_is_not_renamed_over_another(iam: Calling) -> None:
    iam("CreateUser", UserName="Bob")
    iam("CreateUser", UserName="Alice")
    error = iam.refused("UpdateUser", UserName="Bob", NewUserName="ALICE")
    assert error.code == "EntityAlreadyExists"
    assert iam("GetUser", UserName="Bob")["User"]["UserName"] == "Bob"


def test_a_user_is_deleted_only_when_nothing_is_left(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    iam("CreateGroup", GroupName="g")
    arn = iam("CreatePolicy", PolicyName="p", PolicyDocument=ALLOW)["Policy"]["Arn"]
    key = iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    iam("AttachUserPolicy", UserName="u", PolicyArn=arn)
    iam("PutUserPolicy", UserName="u", PolicyName="i", PolicyDocument=ALLOW)
    iam("AddUserToGroup", GroupName="g", UserName="u")
    iam("PutUserPermissionsBoundary", UserName="u", PermissionsBoundary=arn)
    steps = [
        ("detach all policies", "DetachUserPolicy", {"PolicyArn": arn}),
        ("delete policies", "DeleteUserPolicy", {"PolicyName": "i"}),
        ("remove users from group", "RemoveUserFromGroup", {"GroupName": "g"}),
        ("delete access keys", "DeleteAccessKey", {"AccessKeyId": key}),
    ]
    for what, operation, members in steps:
        error = iam.refused("DeleteUser", UserName="u")
        assert error.code == "DeleteConflict"
        assert error.message == f"Cannot delete entity, must {what} first."
        iam(operation, UserName="u", **members)
    iam("DeleteUser", UserName="u")
    assert iam.refused("GetUser", UserName="u").code == "NoSuchEntity"
    # The boundary went with its user, so nothing holds the policy.
    iam("DeletePolicy", PolicyArn=arn)


def test_a_list_of_users_pages_by_name_and_filters_by_path(iam: Calling) -> None:
    for number in range(7):
        iam("CreateUser", UserName=f"u{number}", Path="/even/" if number % 2 == 0 else "/odd/")
    names: list[str] = []
    request: dict[str, object] = {"MaxItems": 2, "PathPrefix": "/ev"}
    while True:
        page = iam("ListUsers", **request)
        names += [user["UserName"] for user in page["Users"]]
        assert len(page["Users"]) <= 2
        if not page["IsTruncated"]:
            break
        request["Marker"] = page["Marker"]
    assert names == ["u0", "u2", "u4", "u6"]
    assert "Marker" not in page


def test_a_page_that_is_exactly_full_is_the_last(iam: Calling) -> None:
    for number in range(4):
        iam("CreateUser", UserName=f"u{number}")
    assert iam("ListUsers", MaxItems=4)["IsTruncated"] is False
    assert iam("ListUsers", MaxItems=3)["IsTruncated"] is True


def test_a_user_has_two_access_keys_at_most(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    first = iam("CreateAccessKey", UserName="u")["AccessKey"]
    iam("CreateAccessKey", UserName="u")
    assert first["AccessKeyId"].startswith("AKIA")
    assert len(first["AccessKeyId"]) == 20
    assert len(first["SecretAccessKey"]) == 40
    error = iam.refused("CreateAccessKey", UserName="u")
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    )
    assert "SecretAccessKey" not in iam("ListAccessKeys", UserName="u")["AccessKeyMetadata"][0]


def test_another_users_access_key_is_out_of_reach(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    iam("CreateUser", UserName="v")
    key = iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    for operation, more in (("DeleteAccessKey", {}), ("UpdateAccessKey", {"Status": "Inactive"})):
        error = iam.refused(operation, UserName="v", AccessKeyId=key, **more)
        assert error.message == f"The Access Key with id {key} cannot be found."
