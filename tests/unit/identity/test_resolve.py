import json
from datetime import timedelta
from typing import Any

import pytest

from bargate.identity.affected import affected
from bargate.identity.find import role_named
from bargate.identity.first_start import create_root_key
from bargate.identity.last_used import note_role_use, note_use
from bargate.identity.resolve import access_key_of, resolve_role, resolve_user
from bargate.services.iam import SERVICE
from bargate.store.interface import Change
from calling import ACCOUNT, NOW, Calling

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        ],
    }
)


def policy(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Watched(Calling):
    """IAM with all that must be published again because of the last call."""

    def __init__(self) -> None:
        super().__init__(SERVICE)
        self.published: set[Any] = set()
        self.store.subscribe(self.changed)

    def changed(self, changes: frozenset[Change]) -> None:
        self.published = {
            each
            for change in changes
            for each in self.store.read(lambda tx, c=change: list(affected(tx, c)))
        }


@pytest.fixture
def iam() -> Watched:
    return Watched()


def made(iam: Calling, name: str, action: str) -> str:
    arn: str = iam("CreatePolicy", PolicyName=name, PolicyDocument=policy(action))["Policy"]["Arn"]
    return arn


def user(iam: Calling, name: str) -> tuple[str, str]:
    return (ACCOUNT, iam("CreateUser", UserName=name)["User"]["UserId"])


def test_a_user_is_resolved_with_all_policies(iam: Watched) -> None:
    key = user(iam, "u")
    iam("CreateGroup", GroupName="g")
    iam("AddUserToGroup", GroupName="g", UserName="u")
    iam("PutUserPolicy", UserName="u", PolicyName="a", PolicyDocument=policy("a:a"))
    iam("AttachUserPolicy", UserName="u", PolicyArn=made(iam, "b", "b:b"))
    iam("PutGroupPolicy", GroupName="g", PolicyName="c", PolicyDocument=policy("c:c"))
    iam("AttachGroupPolicy", GroupName="g", PolicyArn=made(iam, "d", "d:d"))
    iam("PutUserPermissionsBoundary", UserName="u", PermissionsBoundary=made(iam, "e", "e:e"))
    iam("TagUser", UserName="u", Tags=[{"Key": "k", "Value": "v"}])
    found = iam.store.read(lambda tx: resolve_user(tx, key))
    assert found is not None
    actions = [json.loads(text)["Statement"][0]["Action"] for text in found.policies]
    assert actions == ["a:a", "b:b", "c:c", "d:d"]
    assert found.boundary == policy("e:e")
    assert found.tags == {"k": "v"}
    assert found.arn == f"arn:aws:iam::{ACCOUNT}:user/u"


def test_what_counts_is_the_default_version(iam: Watched) -> None:
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    key = (ACCOUNT, iam("GetRole", RoleName="r")["Role"]["RoleId"])
    arn = made(iam, "p", "a:a")
    iam("AttachRolePolicy", RoleName="r", PolicyArn=arn)
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy("b:b"))
    role = iam.store.read(lambda tx: resolve_role(tx, key))
    assert role is not None
    assert role.policies == (policy("a:a"),)
    iam("SetDefaultPolicyVersion", PolicyArn=arn, VersionId="v2")
    assert iam.published == {("role", key)}
    role = iam.store.read(lambda tx: resolve_role(tx, key))
    assert role is not None
    assert role.policies == (policy("b:b"),)


def test_a_group_bears_on_its_members(iam: Watched) -> None:
    first, second, other = (user(iam, name) for name in ("a", "b", "c"))
    iam("CreateGroup", GroupName="g")
    for name, key in (("a", first), ("b", second)):
        iam("AddUserToGroup", GroupName="g", UserName=name)
        assert iam.published == {("user", key)}
    iam("PutGroupPolicy", GroupName="g", PolicyName="p", PolicyDocument=policy("a:a"))
    assert iam.published == {("user", first), ("user", second)}
    arn = made(iam, "m", "a:a")
    assert iam.published == set()
    iam("AttachGroupPolicy", GroupName="g", PolicyArn=arn)
    assert iam.published == {("user", first), ("user", second)}
    iam("PutUserPermissionsBoundary", UserName="c", PermissionsBoundary=arn)
    assert iam.published == {("user", other)}
    iam("CreatePolicyVersion", PolicyArn=arn, PolicyDocument=policy("b:b"), SetAsDefault=True)
    assert iam.published == {("user", first), ("user", second), ("user", other)}
    iam("RemoveUserFromGroup", GroupName="g", UserName="b")
    assert iam.published == {("user", second)}
    iam("DeleteUserPermissionsBoundary", UserName="c")
    assert iam.published == {("user", other)}


def test_a_renamed_user_is_published_with_its_keys(iam: Watched) -> None:
    key = user(iam, "u")
    key_id = iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    assert iam.published == {("access_key", (key_id,))}
    iam("UpdateUser", UserName="u", NewUserName="v")
    assert iam.published == {("user", key), ("access_key", (key_id,))}
    found = iam.store.read(lambda tx: access_key_of(tx, key_id))
    assert found is not None
    assert found.user_arn == f"arn:aws:iam::{ACCOUNT}:user/v"


def test_an_inactive_or_deleted_key_is_none(iam: Watched) -> None:
    user(iam, "u")
    made = iam("CreateAccessKey", UserName="u")["AccessKey"]
    key_id = made["AccessKeyId"]
    found = iam.store.read(lambda tx: access_key_of(tx, key_id))
    assert found is not None
    assert found.secret.reveal() == made["SecretAccessKey"]
    assert made["SecretAccessKey"] not in repr(found)
    for operation, more in (("UpdateAccessKey", {"Status": "Inactive"}), ("DeleteAccessKey", {})):
        iam(operation, UserName="u", AccessKeyId=key_id, **more)
        assert iam.published == {("access_key", (key_id,))}
        assert iam.store.read(lambda tx: access_key_of(tx, key_id)) is None
        if operation == "UpdateAccessKey":
            listed = iam("ListAccessKeys", UserName="u")["AccessKeyMetadata"]
            assert listed[0]["Status"] == "Inactive"


def test_a_deleted_user_resolves_to_nothing(iam: Watched) -> None:
    key = user(iam, "u")
    iam("DeleteUser", UserName="u")
    assert iam.published == {("user", key)}
    assert iam.store.read(lambda tx: resolve_user(tx, key)) is None


def test_a_boundary_that_cannot_be_found_denies_everything(iam: Watched) -> None:
    from bargate.records.managed_policy import ATTACHMENT, Attachment

    key = user(iam, "u")
    gone = Attachment(
        account_id=ACCOUNT,
        usage="PermissionsBoundary",
        policy_arn="arn:aws:iam::aws:policy/WasOnce",
        entity_kind="user",
        entity_id=key[1],
    )
    iam.store.write(lambda tx: tx.create(ATTACHMENT, gone))
    found = iam.store.read(lambda tx: resolve_user(tx, key))
    assert found is not None
    assert found.boundary is not None
    assert json.loads(found.boundary)["Statement"]["Effect"] == "Deny"


def test_the_root_user_gets_a_key_at_first_start(iam: Watched) -> None:
    key = iam.store.write(lambda tx: create_root_key(tx, ACCOUNT, NOW))
    assert key.id.startswith("AKIA")
    assert (len(key.id), len(key.secret.reveal())) == (20, 40)
    found = iam.store.read(lambda tx: access_key_of(tx, key.id))
    assert found is not None
    assert (found.user_arn, found.account_id) == (None, ACCOUNT)
    assert iam("GetAccountSummary")["SummaryMap"]["AccountAccessKeysPresent"] == 1


def test_the_last_use_of_a_key_is_noted(iam: Watched) -> None:
    user(iam, "u")
    key_id = iam("CreateAccessKey", UserName="u")["AccessKey"]["AccessKeyId"]
    never = iam("GetAccessKeyLastUsed", AccessKeyId=key_id)["AccessKeyLastUsed"]
    assert never == {"ServiceName": "N/A", "Region": "N/A"}
    iam.store.write(lambda tx: note_use(tx, key_id, "sts", "eu-west-1", iam.now))
    assert iam.published == set()
    used = iam("GetAccessKeyLastUsed", AccessKeyId=key_id)
    assert used["UserName"] == "u"
    assert used["AccessKeyLastUsed"]["ServiceName"] == "sts"
    assert iam.refused("GetAccessKeyLastUsed", AccessKeyId="AKIAAAAAAAAAAAAAAAAA").code == (
        "NoSuchEntity"
    )


def test_the_last_use_of_a_role_is_noted_and_goes_with_it(iam: Watched) -> None:
    iam("CreateRole", RoleName="r", AssumeRolePolicyDocument=TRUST)
    assert iam("GetRole", RoleName="r")["Role"]["RoleLastUsed"] == {}

    def note(tx: Any) -> None:
        role = role_named(tx, ACCOUNT, "r")
        assert role is not None
        note_role_use(tx, role, "eu-west-1", iam.now)

    iam.store.write(note)
    assert iam.published == set()
    used = iam("GetRole", RoleName="r")["Role"]["RoleLastUsed"]
    assert (used["Region"], used["LastUsedDate"]) == ("eu-west-1", iam.now - timedelta(seconds=1))
    iam("DeleteRole", RoleName="r")
