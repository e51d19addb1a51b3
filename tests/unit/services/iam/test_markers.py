import msgspec
import pytest

from bargate.services.iam import SERVICE
from bargate.services.paging import token_of
from calling import Calling, root

OTHER = "210987654321"


@pytest.mark.parametrize(
    "marker",
    [
        "x",
        "!",
        "é",
        "A" * 5_000,
        token_of(()),
        token_of(("nowhere", "x")),
        token_of(("",)),
        token_of(("", "a\0b")),
        msgspec.msgpack.encode({"a": 1}).hex(),
    ],
)
def test_forged_markers_are_refused(iam: Calling, marker: str) -> None:
    for operation in ("ListUsers", "ListRoles", "ListPolicies", "GetAccountAuthorizationDetails"):
        assert iam.refused(operation, Marker=marker).code == "ValidationError"


@pytest.mark.parametrize("account", ["", "000000000000", OTHER])
def test_a_forged_marker_never_leads_into_another_account(iam: Calling, account: str) -> None:
    other = Calling(SERVICE, store=iam.store, caller=root(OTHER))
    other("CreateUser", UserName="secret")
    iam("CreateUser", UserName="mine")
    for place in ((account,), (account, ""), (account, "a", account, "b")):
        page = iam("ListUsers", Marker=token_of(("", *place)))
        assert [user["UserName"] for user in page["Users"]] in ([], ["mine"])


def test_a_marker_of_one_list_fits_no_other_section(iam: Calling) -> None:
    iam("CreateUser", UserName="a")
    iam("CreateUser", UserName="b")
    marker = iam("GetAccountAuthorizationDetails", MaxItems=1)["Marker"]
    error = iam.refused("GetAccountAuthorizationDetails", Filter=["Role"], Marker=marker)
    assert error.code == "ValidationError"


def test_markers_stay_within_what_the_model_allows(iam: Calling, allow: str) -> None:
    path = "/" + "p" * 500 + "/"
    for letter in "ab":
        iam("CreateUser", UserName=letter * 64, Path=path)
        iam("CreateGroup", GroupName=letter * 128, Path=path)
        iam("CreatePolicy", PolicyName=letter * 128, Path=path, PolicyDocument=allow)
        iam("CreateInstanceProfile", InstanceProfileName=letter * 128, Path=path)
        iam("CreateVirtualMFADevice", VirtualMFADeviceName=letter * 128)
    iam("TagUser", UserName="a" * 64, Tags=[{"Key": k * 128, "Value": ""} for k in "ab"])
    iam("AddUserToGroup", UserName="a" * 64, GroupName="a" * 128)
    iam("AddUserToGroup", UserName="a" * 64, GroupName="b" * 128)
    for letter in "ab":
        arn = f"arn:aws:iam::123456789012:policy{path}{letter * 128}"
        iam("AttachUserPolicy", UserName="a" * 64, PolicyArn=arn)
        iam(
            "PutGroupPolicy",
            GroupName="a" * 128,
            PolicyName=letter * 128,
            PolicyDocument=allow,
        )
    lists = [
        ("ListUsers", {}),
        ("ListGroups", {}),
        ("ListPolicies", {"Scope": "Local"}),
        ("ListInstanceProfiles", {}),
        ("ListVirtualMFADevices", {}),
        ("ListUserTags", {"UserName": "a" * 64}),
        ("ListGroupsForUser", {"UserName": "a" * 64}),
        ("ListAttachedUserPolicies", {"UserName": "a" * 64}),
        ("ListGroupPolicies", {"GroupName": "a" * 128}),
        ("GetAccountAuthorizationDetails", {"Filter": ["LocalManagedPolicy"]}),
    ]
    for operation, members in lists:
        first = iam(operation, MaxItems=1, **members)
        assert first["IsTruncated"] is True, operation
        assert len(first["Marker"]) <= 320, operation
        second = iam(operation, MaxItems=1, Marker=first["Marker"], **members)
        assert second["IsTruncated"] is False, operation
        assert second != first
