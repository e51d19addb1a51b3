import pytest

from bargate.policy import IamUser, RoleSession
from bargate.records.login_profile import LOGIN_PROFILE
from bargate.services.iam import SERVICE
from bargate.services.operation import Caller
from calling import ACCOUNT, Calling


def as_user(iam: Calling, name: str) -> Calling:
    user = iam("GetUser", UserName=name)["User"]
    caller = Caller(
        account_id=ACCOUNT,
        arn=user["Arn"],
        user_id=user["UserId"],
        principal=IamUser(arn=user["Arn"], account=ACCOUNT, user_id=user["UserId"]),
        access_key_id="AKIA",
    )
    return Calling(SERVICE, store=iam.store, caller=caller)


@pytest.mark.parametrize(
    "password",
    ["Aa1!", "aaaaaaaaaa", "aaaaaaaaaA", "Ünicöde²³", "A1!" * 50, "", "Bob-2026"],
)
def test_the_default_policy_holds_when_none_is_set(iam: Calling, password: str) -> None:
    iam("CreateUser", UserName="boB-2026")
    if password:
        error = iam.refused("CreateLoginProfile", UserName="boB-2026", Password=password)
        assert error.code == "PasswordPolicyViolation"
        assert password not in error.message
    assert iam.refused("GetLoginProfile", UserName="boB-2026").code == "NoSuchEntity"


def test_a_password_is_kept_as_a_hash(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    iam("CreateLoginProfile", UserName="u", Password="Correct-Horse-1")
    (profile,) = iam.store.read(lambda tx: tx.list(LOGIN_PROFILE))
    assert profile.hash.reveal().startswith("$argon2id$")
    assert "Correct" not in repr(profile)
    error = iam.refused("CreateLoginProfile", UserName="u", Password="Correct-Horse-2")
    assert error.message == "Login Profile for user u already exists."


def test_every_rule_of_the_accounts_policy_counts(iam: Calling) -> None:
    iam(
        "UpdateAccountPasswordPolicy",
        MinimumPasswordLength=10,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
    )
    iam("CreateUser", UserName="u")
    for password in (
        "Aa1!Aa1!A",
        "aa1!aa1!aa",
        "AA1!AA1!AA",
        "Aaa!Aaa!Aa",
        "Aa11Aa11Aa",
        "Àà1!àà1!àà",
    ):
        error = iam.refused("CreateLoginProfile", UserName="u", Password=password)
        assert error.code == "PasswordPolicyViolation"
    iam("CreateLoginProfile", UserName="u", Password="Aa1!Aa1!Aa")


def test_a_policy_is_replaced_as_a_whole_and_deleted(iam: Calling) -> None:
    assert iam.refused("GetAccountPasswordPolicy").message == (
        f"The Password Policy with domain name {ACCOUNT} cannot be found."
    )
    iam("UpdateAccountPasswordPolicy", MinimumPasswordLength=20, MaxPasswordAge=90)
    policy = iam("GetAccountPasswordPolicy")["PasswordPolicy"]
    assert (policy["ExpirePasswords"], policy["MaxPasswordAge"]) == (True, 90)
    iam("UpdateAccountPasswordPolicy")
    policy = iam("GetAccountPasswordPolicy")["PasswordPolicy"]
    assert (policy["MinimumPasswordLength"], policy["ExpirePasswords"]) == (6, False)
    error = iam.refused("UpdateAccountPasswordPolicy", PasswordReusePrevention=25)
    assert error.code == "ValidationError"
    iam("DeleteAccountPasswordPolicy")
    assert iam.refused("DeleteAccountPasswordPolicy").code == "NoSuchEntity"


def test_users_change_their_own_password_with_the_old_one(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    iam("CreateLoginProfile", UserName="u", Password="First-pass-1", PasswordResetRequired=True)
    user = as_user(iam, "u")
    error = user.refused("ChangePassword", OldPassword="wrong", NewPassword="Second-pass-2")
    assert (error.code, error.message) == ("AccessDenied", "The old password was incorrect.")
    error = user.refused("ChangePassword", OldPassword="First-pass-1", NewPassword="short")
    assert error.code == "PasswordPolicyViolation"
    user("ChangePassword", OldPassword="First-pass-1", NewPassword="Second-pass-2")
    assert iam("GetLoginProfile", UserName="u")["LoginProfile"]["PasswordResetRequired"] is False
    old = user.refused("ChangePassword", OldPassword="First-pass-1", NewPassword="Third-pass-3")
    assert old.code == "AccessDenied"


def test_an_old_password_does_not_come_back(iam: Calling) -> None:
    iam("UpdateAccountPasswordPolicy", PasswordReusePrevention=2)
    iam("CreateUser", UserName="u")
    iam("CreateLoginProfile", UserName="u", Password="pass-0")
    iam("UpdateLoginProfile", UserName="u", Password="pass-1")
    for password in ("pass-0", "pass-1"):
        error = iam.refused("UpdateLoginProfile", UserName="u", Password=password)
        assert error.code == "PasswordPolicyViolation"
    iam("UpdateLoginProfile", UserName="u", Password="pass-2")
    iam("UpdateLoginProfile", UserName="u", Password="pass-0")


def test_only_users_change_their_own_password(iam: Calling) -> None:
    error = iam.refused("ChangePassword", OldPassword="a", NewPassword="b")
    assert error.code == "InvalidUserType"


def test_calls_without_a_user_name_are_about_the_caller(iam: Calling) -> None:
    iam("CreateUser", UserName="u")
    user = as_user(iam, "u")
    assert user("GetUser")["User"]["UserName"] == "u"
    key = user("CreateAccessKey")["AccessKey"]
    assert key["UserName"] == "u"
    assert iam("GetUser")["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    session = Caller(
        account_id=ACCOUNT,
        arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s",
        user_id="AROA:s",
        principal=RoleSession(
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/r",
            session_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s",
            account=ACCOUNT,
            role_id="AROA",
        ),
        access_key_id="ASIA",
    )
    role = Calling(SERVICE, store=iam.store, caller=session)
    for operation in ("GetUser", "CreateAccessKey", "ListAccessKeys", "GetLoginProfile"):
        assert role.refused(operation).message == (
            "Must specify userName when calling with non-User credentials"
        )
