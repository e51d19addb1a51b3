import json
from urllib.parse import unquote

import pytest

from bargate.services.iam import SERVICE
from calling import ACCOUNT, Calling, root

OTHER = "210987654321"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def made(iam: Calling, name: str, document: str) -> str:
    arn: str = iam("CreatePolicy", PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    return arn


def padded(document: str, size: int) -> str:
    """Make a policy of exactly `size` characters without white space."""
    read = json.loads(document)
    read["Statement"][0]["Sid"] = ""
    have = len(json.dumps(read, separators=(",", ":")))
    read["Statement"][0]["Sid"] = "a" * (size - have)
    return json.dumps(read)


def test_a_policy_has_five_versions_and_one_default(iam: Calling, allow: str) -> None:
    arn = made(iam, "p", allow)
    for number in range(2, 6):
        version = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=allow)["PolicyVersion"]
        assert (version["VersionId"], version["IsDefaultVersion"]) == (f"v{number}", False)
    error = iam.refused("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=allow)
    assert error.code == "LimitExceeded"
    assert error.message.startswith("A managed policy can have up to 5 versions.")
    error = iam.refused("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
    assert error.message == "Cannot delete the default version of a policy."
    iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v3")
    iam("DeletePolicyVersion", PolicyArn=arn, VersionId="v1")
    # A number is never used again.
    new = iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=allow, SetAsDefault=True)
    assert new["PolicyVersion"]["VersionId"] == "v6"
    assert iam("GetPolicy", PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v6"
    assert iam.refused("DeletePolicy", PolicyArn=arn).code == "DeleteConflict"


@pytest.mark.parametrize("version", ["v0", "v2", "v01", "1", "v-1", "v1x", "v99999999999", "v1\0"])
def test_versions_that_are_not_there(iam: Calling, allow: str, version: str) -> None:
    arn = made(iam, "p", allow)
    for operation in ("GetPolicyVersion", "SetDefaultPolicyVersion", "DeletePolicyVersion"):
        assert iam.refused(operation, PolicyArn=arn, VersionId=version).code == "NoSuchEntity"


def test_a_policy_in_use_is_not_deleted(iam: Calling, allow: str) -> None:
    arn = made(iam, "p", allow)
    iam("CreateUser", UserName="u")
    iam("PutUserPermissionsBoundary", UserName="u", PermissionsBoundary=arn)
    policy = iam("GetPolicy", PolicyArn=arn)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (0, 1)
    error = iam.refused("DeletePolicy", PolicyArn=arn)
    assert error.message == "Cannot delete a policy attached to entities."
    iam("DeleteUserPermissionsBoundary", UserName="u")
    assert iam.refused("DeleteUserPermissionsBoundary", UserName="u").code == "NoSuchEntity"
    iam("DeletePolicy", PolicyArn=arn)
    assert iam.refused("GetPolicy", PolicyArn=arn).message == f"Policy {arn} was not found."


def test_policies_are_bounded_without_their_white_space(iam: Calling, allow: str) -> None:
    made(iam, "fits", padded(allow, 6_144) + " " * 10_000)
    error = iam.refused("CreatePolicy", PolicyName="p", PolicyDocument=padded(allow, 6_145))
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Cannot exceed quota for PolicySize: 6144",
    )


def test_inline_policies_of_an_entity_are_bounded_together(iam: Calling, allow: str) -> None:
    iam("CreateUser", UserName="u")
    put = {"UserName": "u", "PolicyDocument": padded(allow, 1_024)}
    iam("PutUserPolicy", PolicyName="a", **put)
    iam("PutUserPolicy", PolicyName="b", **put)
    iam("PutUserPolicy", PolicyName="b", **put)
    error = iam.refused("PutUserPolicy", UserName="u", PolicyName="c", PolicyDocument=allow)
    assert (error.code, error.message) == (
        "LimitExceeded",
        "Maximum policy size of 2048 bytes exceeded for user u",
    )


def test_ten_policies_can_be_attached(iam: Calling, allow: str) -> None:
    iam("CreateUser", UserName="u")
    for number in range(11):
        made(iam, f"p{number}", allow)
    arns = [f"arn:aws:iam::{ACCOUNT}:policy/p{number}" for number in range(11)]
    for arn in arns[:10]:
        iam("AttachUserPolicy", UserName="u", PolicyArn=arn)
    iam("AttachUserPolicy", UserName="u", PolicyArn=arns[0])
    error = iam.refused("AttachUserPolicy", UserName="u", PolicyArn=arns[10])
    assert error.message == "Cannot exceed quota for PoliciesPerUser: 10"
    listed = []
    marker = {}
    while True:
        page = iam("ListAttachedUserPolicies", UserName="u", MaxItems=4, **marker)
        listed += [each["PolicyArn"] for each in page["AttachedPolicies"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert listed == arns[:10]


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        (f"arn:aws:iam::{OTHER}:policy/theirs", "NoSuchEntity"),
        (f"arn:aws:iam::{ACCOUNT}:policy/x/theirs", "NoSuchEntity"),
        ("arn:aws:iam::aws:policy/Nonsense", "NoSuchEntity"),
        (f"arn:aws:iam::{ACCOUNT}:role/theirs00000", "InvalidInput"),
        (f"arn:aws:s3::{ACCOUNT}:policy/theirs", "InvalidInput"),
        ("x" * 30, "InvalidInput"),
        (f"arn:aws:iam::{ACCOUNT}:policy/a\0b", "InvalidInput"),
    ],
)
def test_only_policies_of_the_account_can_be_used(
    iam: Calling, allow: str, arn: str, code: str
) -> None:
    other = Calling(SERVICE, store=iam.store, caller=root(OTHER))
    made(other, "theirs", allow)
    iam("CreateUser", UserName="u")
    for operation, member in (
        ("AttachUserPolicy", "PolicyArn"),
        ("PutUserPermissionsBoundary", "PermissionsBoundary"),
    ):
        error = iam.refused(operation, UserName="u", **{member: arn})
        assert error.code == code
        if code == "NoSuchEntity":
            assert error.message == f"Policy {arn} does not exist or is not attachable."
    for operation in ("GetPolicy", "DeletePolicy", "ListPolicyVersions", "ListEntitiesForPolicy"):
        assert iam.refused(operation, PolicyArn=arn).code == code


def test_aws_policies_can_be_used_and_not_changed(iam: Calling, allow: str) -> None:
    iam("CreateUser", UserName="u")
    iam("AttachUserPolicy", UserName="u", PolicyArn=ADMINISTRATOR)
    assert iam("GetPolicy", PolicyArn=ADMINISTRATOR)["Policy"]["AttachmentCount"] == 1
    version = iam("GetPolicyVersion", PolicyArn=ADMINISTRATOR, VersionId="v1")["PolicyVersion"]
    assert json.loads(unquote(version["Document"]))["Statement"][0]["Action"] == ["*"]
    for operation, members in (
        ("CreatePolicyVersion", {"PolicyDocument": allow, "SetAsDefault": True}),
        ("DeletePolicy", {}),
        ("SetDefaultPolicyVersion", {"VersionId": "v1"}),
        ("DeletePolicyVersion", {"VersionId": "v1"}),
        ("TagPolicy", {"Tags": []}),
    ):
        assert iam.refused(operation, PolicyArn=ADMINISTRATOR, **members).code == "AccessDenied"


def test_every_aws_policy_can_be_read(iam: Calling) -> None:
    found = iam("ListPolicies", Scope="AWS", MaxItems=1000)["Policies"]
    assert len(found) >= 20
    for policy in found:
        version = iam("GetPolicyVersion", PolicyArn=policy["Arn"], VersionId="v1")["PolicyVersion"]
        document = unquote(version["Document"])
        iam("GetContextKeysForCustomPolicy", PolicyInputList=[document])


def test_policies_are_listed_by_scope_and_use(iam: Calling, allow: str) -> None:
    made(iam, "mine", allow)
    iam("CreateUser", UserName="u")
    iam("AttachUserPolicy", UserName="u", PolicyArn=ADMINISTRATOR)
    local = iam("ListPolicies", Scope="Local")["Policies"]
    assert [policy["PolicyName"] for policy in local] == ["mine"]
    used = iam("ListPolicies", OnlyAttached=True)["Policies"]
    assert [policy["PolicyName"] for policy in used] == ["AdministratorAccess"]
    service = iam("ListPolicies", PathPrefix="/service-role/")["Policies"]
    assert "AWSLambdaBasicExecutionRole" in [policy["PolicyName"] for policy in service]
    everything = []
    marker = {}
    while True:
        page = iam("ListPolicies", MaxItems=7, **marker)
        everything += [policy["PolicyName"] for policy in page["Policies"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert everything[-1] == "mine"
    assert len(everything) == len(set(everything))


def test_who_uses_a_policy_is_listed_page_by_page(iam: Calling, allow: str) -> None:
    arn = made(iam, "p", allow)
    for number in range(3):
        iam("CreateUser", UserName=f"u{number}")
        iam("AttachUserPolicy", UserName=f"u{number}", PolicyArn=arn)
    iam("CreateGroup", GroupName="g")
    iam("AttachGroupPolicy", GroupName="g", PolicyArn=arn)
    iam("PutUserPermissionsBoundary", UserName="u0", PermissionsBoundary=arn)
    names: list[str] = []
    marker = {}
    while True:
        page = iam(
            "ListEntitiesForPolicy",
            PolicyArn=arn,
            MaxItems=2,
            PolicyUsageFilter="PermissionsPolicy",
            **marker,
        )
        names += [each["UserName"] for each in page["PolicyUsers"]]
        names += [each["GroupName"] for each in page["PolicyGroups"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert sorted(names) == ["g", "u0", "u1", "u2"]
    bounded = iam("ListEntitiesForPolicy", PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert [each["UserName"] for each in bounded["PolicyUsers"]] == ["u0"]
    assert bounded["PolicyGroups"] == []


@pytest.mark.parametrize(
    "document",
    [
        "x",
        '{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"allow","Action":"*","Resource":"*"}}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*"}}',
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",'
            '"Principal":"*"}}'
        ),
        (
            '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",'
            '"Condition":{"StringEqual":{"a:b":"c"}}}}'
        ),
        "[" * 50_000 + "]" * 50_000,
        '{"Version":"2012-10-17","Statement":[' + "{}," * 10_000 + "{}]}",
    ],
)
def test_policies_that_are_none(iam: Calling, document: str) -> None:
    iam("CreateUser", UserName="u")
    codes = {"MalformedPolicyDocument", "LimitExceeded"}
    assert iam.refused("CreatePolicy", PolicyName="p", PolicyDocument=document).code in codes
    error = iam.refused("PutUserPolicy", UserName="u", PolicyName="p", PolicyDocument=document)
    assert error.code in codes
    assert iam("ListUserPolicies", UserName="u")["PolicyNames"] == []
