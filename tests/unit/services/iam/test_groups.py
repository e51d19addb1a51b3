from calling import Calling


def test_members_come_and_go(iam: Calling) -> None:
    iam("CreateGroup", GroupName="g", Path="/x/")
    iam("CreateUser", UserName="u")
    iam("AddUserToGroup", GroupName="g", UserName="u")
    iam("AddUserToGroup", GroupName="g", UserName="u")
    group = iam("GetGroup", GroupName="g")
    assert [user["UserName"] for user in group["Users"]] == ["u"]
    assert group["Group"]["GroupId"].startswith("AGPA")
    assert [g["GroupName"] for g in iam("ListGroupsForUser", UserName="u")["Groups"]] == ["g"]
    error = iam.refused("DeleteGroup", GroupName="g")
    assert error.message == "Cannot delete entity, must remove users from group first."
    iam("RemoveUserFromGroup", GroupName="g", UserName="u")
    assert iam.refused("RemoveUserFromGroup", GroupName="g", UserName="u").code == "NoSuchEntity"
    iam("DeleteGroup", GroupName="g")
    assert iam("ListGroups")["Groups"] == []


def test_a_user_is_in_ten_groups_at_most(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    for number in range(10):
        iam("CreateGroup", GroupName=f"g{number}")
        iam("AddUserToGroup", GroupName=f"g{number}", UserName="u")
    iam("CreateGroup", GroupName="one-more")
    error = iam.refused("AddUserToGroup", GroupName="one-more", UserName="u")
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    )


def test_members_are_given_page_by_page(iam: Calling) -> None:
    iam("CreateGroup", GroupName="g")
    for number in range(5):
        iam("CreateUser", UserName=f"u{number}")
        iam("AddUserToGroup", GroupName="g", UserName=f"u{number}")
    first = iam("GetGroup", GroupName="g", MaxItems=3)
    second = iam("GetGroup", GroupName="g", MaxItems=3, Marker=first["Marker"])
    names = {user["UserName"] for user in (*first["Users"], *second["Users"])}
    assert len(names) == 5
    assert second["IsTruncated"] is False


def test_a_renamed_group_keeps_its_policies(iam: Calling, allow: str) -> None:
    iam("CreateGroup", GroupName="g")
    iam("PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=allow)
    iam("UpdateGroup", GroupName="g", NewGroupName="h")
    assert iam("ListGroupPolicies", GroupName="h")["PolicyNames"] == ["p"]
    assert iam.refused("DeleteGroup", GroupName="h").code == "DeleteConflict"
