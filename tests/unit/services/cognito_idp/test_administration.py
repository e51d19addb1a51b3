"""Pools, clients, groups and users as administrators see them, through boto3 without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint


@pytest.fixture(scope="module")
def idp() -> Iterator[Any]:
    with Endpoint() as endpoint:
        yield endpoint.client("cognito-idp")


def new_pool(idp: Any, **more: Any) -> str:
    return idp.create_user_pool(PoolName="p", **more)["UserPool"]["Id"]


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(**given)
    told = refused.value.response["Error"]
    return told["Code"], told["Message"].removesuffix(" (reached max retries: 0)")


def described(idp: Any, pool: str) -> Any:
    return idp.describe_user_pool(UserPoolId=pool)["UserPool"]


def add(idp: Any, pool: str, name: str, /, **attributes: str) -> Any:
    return idp.admin_create_user(
        UserPoolId=pool,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
    )["User"]


def test_an_update_sets_back_what_it_does_not_say(idp: Any) -> None:
    pool = new_pool(
        idp,
        Policies={"PasswordPolicy": {"MinimumLength": 20, "RequireSymbols": True}},
        AutoVerifiedAttributes=["email"],
        DeletionProtection="ACTIVE",
        UsernameConfiguration={"CaseSensitive": False},
        AliasAttributes=["email"],
        Schema=[{"Name": "team", "AttributeDataType": "String"}],
    )
    before = described(idp, pool)
    assert before["Policies"]["PasswordPolicy"]["RequireUppercase"] is False
    assert refusal(idp.delete_user_pool, UserPoolId=pool)[0] == "InvalidParameterException"
    idp.update_user_pool(UserPoolId=pool)
    after = described(idp, pool)
    assert after["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert after["Policies"]["PasswordPolicy"]["RequireUppercase"] is True
    assert "AutoVerifiedAttributes" not in after
    assert after["DeletionProtection"] == "INACTIVE"
    assert after["UsernameConfiguration"] == {"CaseSensitive": False}
    assert after["AliasAttributes"] == ["email"]
    assert after["SchemaAttributes"] == before["SchemaAttributes"]
    assert len(after["SchemaAttributes"]) == 21
    idp.delete_user_pool(UserPoolId=pool)
    assert refusal(idp.describe_user_pool, UserPoolId=pool) == (
        "ResourceNotFoundException",
        f"User pool {pool} does not exist.",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"UsernameAttributes": ["email"], "AliasAttributes": ["phone_number"]},
        {"MfaConfiguration": "ON"},
        {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}},
        {"Schema": [{"Name": "email", "AttributeDataType": "Number"}]},
        {"UserPoolTags": {"aws:a": "b"}},
        {
            "AccountRecoverySetting": {
                "RecoveryMechanisms": [
                    {"Priority": 1, "Name": "admin_only"},
                    {"Priority": 2, "Name": "verified_email"},
                ]
            }
        },
        {
            "LambdaConfig": {
                "CustomSMSSender": {
                    "LambdaVersion": "V1_0",
                    "LambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:f",
                }
            }
        },
        {
            "UserAttributeUpdateSettings": {
                "AttributesRequireVerificationBeforeUpdate": ["email"],
            }
        },
    ],
)
def test_pools_that_cannot_be_are_refused(idp: Any, given: dict[str, Any]) -> None:
    code, _ = refusal(idp.create_user_pool, PoolName="p", **given)
    assert code == "InvalidParameterException"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "USER_PASSWORD_AUTH"]}, None),
        ({"AccessTokenValidity": 2, "TokenValidityUnits": {"AccessToken": "seconds"}}, None),
        ({"AccessTokenValidity": 25}, None),
        ({"RefreshTokenValidity": 3651}, None),
        ({"RefreshTokenValidity": 59, "TokenValidityUnits": {"RefreshToken": "minutes"}}, None),
        ({"ReadAttributes": ["custom:none"]}, None),
        ({"WriteAttributes": ["email_verified"]}, None),
        ({"GenerateSecret": True, "ClientSecret": "s" * 24}, None),
        ({"CallbackURLs": ["http://example.com/"]}, None),
        ({"CallbackURLs": ["https://example.com/#f"]}, None),
        ({"CallbackURLs": ["javascript:alert(1)"]}, None),
        ({"DefaultRedirectURI": "https://example.com/"}, None),
        ({"AllowedOAuthScopes": ["pets/read"]}, "ScopeDoesNotExistException"),
        ({"AllowedOAuthFlows": ["client_credentials"]}, "InvalidOAuthFlowException"),
        ({"AllowedOAuthFlowsUserPoolClient": True}, "InvalidOAuthFlowException"),
        ({"AllowedOAuthFlows": ["client_credentials", "code"]}, "InvalidOAuthFlowException"),
    ],
)
def test_clients_that_cannot_be_are_refused(
    idp: Any, given: dict[str, Any], code: str | None
) -> None:
    pool = new_pool(idp)
    found, _ = refusal(idp.create_user_pool_client, UserPoolId=pool, ClientName="c", **given)
    assert found == (code or "InvalidParameterException")


def test_a_client_has_one_or_two_secrets(idp: Any) -> None:
    pool = new_pool(idp)
    made = idp.create_user_pool_client(UserPoolId=pool, ClientName="c", GenerateSecret=True)
    client = {"UserPoolId": pool, "ClientId": made["UserPoolClient"]["ClientId"]}
    assert 24 <= len(made["UserPoolClient"]["ClientSecret"]) <= 64
    (first,) = idp.list_user_pool_client_secrets(**client)["ClientSecrets"]
    assert "ClientSecretValue" not in first
    ask = {**client, "ClientSecretId": first["ClientSecretId"]}
    assert refusal(idp.delete_user_pool_client_secret, **ask)[0] == "InvalidParameterException"
    added = idp.add_user_pool_client_secret(**client)["ClientSecretDescriptor"]
    assert len(added["ClientSecretValue"]) >= 24
    assert refusal(idp.add_user_pool_client_secret, **client)[0] == "LimitExceededException"
    idp.delete_user_pool_client_secret(**ask)
    (left,) = idp.list_user_pool_client_secrets(**client)["ClientSecrets"]
    assert left["ClientSecretId"] == added["ClientSecretId"]


def test_a_client_of_another_pool_is_not_found(idp: Any) -> None:
    pool, other = new_pool(idp), new_pool(idp)
    made = idp.create_user_pool_client(UserPoolId=pool, ClientName="c")["UserPoolClient"]
    for call in (idp.describe_user_pool_client, idp.delete_user_pool_client):
        found = refusal(call, UserPoolId=other, ClientId=made["ClientId"])
        expected = f"User pool client {made['ClientId']} does not exist."
        assert found == ("ResourceNotFoundException", expected)


def test_names_are_unique_and_addresses_are_names_where_the_pool_says_so(idp: Any) -> None:
    plain = new_pool(idp, UsernameConfiguration={"CaseSensitive": False})
    add(idp, plain, "Ann")
    exists = ("UsernameExistsException", "User already exists")
    assert refusal(idp.admin_create_user, UserPoolId=plain, Username="aNN") == exists
    assert idp.admin_get_user(UserPoolId=plain, Username="ANN")["Username"] == "ann"
    named = new_pool(idp, UsernameAttributes=["email"])
    user = add(idp, named, "ann@example.org")
    values = {each["Name"]: each["Value"] for each in user["Attributes"]}
    assert user["Username"] == values["sub"]
    assert values["email"] == "ann@example.org"
    assert refusal(idp.admin_create_user, UserPoolId=named, Username="ann@example.org") == (
        "UsernameExistsException",
        "An account with the given email already exists.",
    )
    assert refusal(idp.admin_create_user, UserPoolId=named, Username="ann")[1] == (
        "Username should be an email."
    )
    found = idp.admin_get_user(UserPoolId=named, Username="ann@example.org")
    assert found["Username"] == user["Username"]


def test_verified_aliases_are_nobody_elses_unless_they_are_moved(idp: Any) -> None:
    pool = new_pool(idp, AliasAttributes=["email"])
    verified = {"email": "a@example.org", "email_verified": "true"}
    add(idp, pool, "one", **verified)
    add(idp, pool, "unverified", email="a@example.org")
    listed = [{"Name": key, "Value": value} for key, value in verified.items()]
    two = {"UserPoolId": pool, "Username": "two", "UserAttributes": listed}
    taken = ("AliasExistsException", "An account with the email already exists.")
    assert refusal(idp.admin_create_user, **two, MessageAction="SUPPRESS") == taken
    assert idp.admin_get_user(UserPoolId=pool, Username="a@example.org")["Username"] == "one"
    changed = {"UserPoolId": pool, "Username": "unverified", "UserAttributes": listed}
    assert refusal(idp.admin_update_user_attributes, **changed) == taken
    idp.admin_create_user(**two, MessageAction="SUPPRESS", ForceAliasCreation=True)
    assert idp.admin_get_user(UserPoolId=pool, Username="a@example.org")["Username"] == "two"
    left = idp.admin_get_user(UserPoolId=pool, Username="one")["UserAttributes"]
    assert {"Name": "email_verified", "Value": "false"} in left


def test_a_new_address_is_not_verified(idp: Any) -> None:
    pool = new_pool(idp)
    add(idp, pool, "ann", email="a@example.org", email_verified="true")
    idp.admin_update_user_attributes(
        UserPoolId=pool, Username="ann", UserAttributes=[{"Name": "email", "Value": "b@x.org"}]
    )
    found = idp.admin_get_user(UserPoolId=pool, Username="ann")["UserAttributes"]
    assert {"Name": "email_verified", "Value": "false"} in found


def pages(idp: Any, pool: str, text: str, limit: int = 2) -> list[str]:
    names: list[str] = []
    token: dict[str, str] = {}
    while True:
        found = idp.list_users(UserPoolId=pool, Filter=text, Limit=limit, **token)
        assert len(found["Users"]) <= limit
        names += [each["Username"] for each in found["Users"]]
        if "PaginationToken" not in found:
            return sorted(names)
        token = {"PaginationToken": found["PaginationToken"]}


def test_filters_find_whom_they_say_page_by_page(idp: Any) -> None:
    pool = new_pool(idp)
    people = ("ann", "anna", "anne", "ben", "Ann")
    subs = {}
    for number, name in enumerate(people):
        user = add(idp, pool, name, email=f"{name}{number}@x.org", family_name='O"Hara')
        subs[name] = user["Attributes"][0]["Value"]
    idp.admin_disable_user(UserPoolId=pool, Username="ben")
    everyone = sorted(people)
    assert pages(idp, pool, "") == everyone
    assert pages(idp, pool, 'username = "ann"') == ["ann"]
    assert pages(idp, pool, 'username ^= "ann"') == ["ann", "anna", "anne"]
    assert pages(idp, pool, 'username ^= "anz"') == []
    assert pages(idp, pool, 'email ^= "an"') == ["ann", "anna", "anne"]
    assert pages(idp, pool, 'email = "ben3@x.org"') == ["ben"]
    assert pages(idp, pool, r'family_name = "O\"Hara"') == everyone
    assert pages(idp, pool, 'family_name ^= "O"', 5) == everyone
    assert pages(idp, pool, 'given_name ^= ""') == []
    assert pages(idp, pool, 'status = "Disabled"') == ["ben"]
    assert pages(idp, pool, 'status = "Enabled"') == ["Ann", "ann", "anna", "anne"]
    assert pages(idp, pool, 'status = "enabled"') == []
    assert pages(idp, pool, 'cognito:user_status = "force_change_password"') == everyone
    assert pages(idp, pool, 'cognito:user_status = "CONFIRMED"') == []
    assert pages(idp, pool, f'sub = "{subs["ben"]}"') == ["ben"]
    assert pages(idp, pool, f'sub ^= "{subs["ben"][:13]}"') == ["ben"]
    for wrong in ("x", 'custom:a = "b"', "email = 'a'", 'email = "a" or email = "b"'):
        found, _ = refusal(idp.list_users, UserPoolId=pool, Filter=wrong)
        assert found == "InvalidParameterException"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (r'name = "a\"b"', ["quoted"]),
        (r'name = "a\\b"', ["slashed"]),
        (r'name ^= "a\"', None),
        ('name = "a"b"', None),
        ('name = ""', []),
        ('  name   ^=   "a"  ', ["quoted", "slashed"]),
        ('name^="a"', ["quoted", "slashed"]),
        ('Name = "a"', None),
        ('name != "a"', None),
        ('name = "a" and email = "b"', None),
        ('name ^ = "a"', None),
        ("name", None),
        ('= "a"', None),
        ('nickname = "a"', None),
        ('custom:team = "a"', None),
        ('phone_number ^= "+1555"', ["quoted", "slashed"]),
        ('phone_number ^= "1"', []),
        ('given_name = "Ann"', ["quoted"]),
        ('given_name = "ann"', []),
        ('family_name ^= "Ö"', ["slashed"]),
        ('preferred_username = "boss"', ["quoted"]),
        ('username = "Quoted"', []),
        ('cognito:user_status ^= "force"', ["quoted", "slashed"]),
        ('status ^= "En"', ["quoted", "slashed"]),
        ('status = ""', []),
        ('sub ^= ""', ["quoted", "slashed"]),
        ("   ", ["quoted", "slashed"]),
    ],
)
def test_filters_are_read_as_they_are_quoted(
    idp: Any, searched: str, text: str, names: list[str] | None
) -> None:
    if names is None:
        found, _ = refusal(idp.list_users, UserPoolId=searched, Filter=text)
        assert found == "InvalidParameterException"
    else:
        assert pages(idp, searched, text, 1) == names


@pytest.fixture(scope="module")
def searched(idp: Any) -> str:
    pool = new_pool(idp)
    add(
        idp, pool, "quoted",
        name='a"b', phone_number="+15555550100", given_name="Ann", preferred_username="boss",
    )  # fmt: skip
    add(idp, pool, "slashed", name="a\\b", phone_number="+15555550101", family_name="Öz")
    return pool


def test_a_page_has_60_users_at_most_and_always_the_same_order(idp: Any) -> None:
    pool = new_pool(idp)
    for number in range(61):
        add(idp, pool, f"u{number:02}", name="same")
    first = idp.list_users(UserPoolId=pool)
    assert len(first["Users"]) == 60
    for limit in (61, -1):
        assert refusal(idp.list_users, UserPoolId=pool, Limit=limit)[0] in (
            "InvalidParameterException",
            "ValidationException",
        )
    assert [each["Username"] for each in idp.list_users(UserPoolId=pool)["Users"]] == [
        each["Username"] for each in first["Users"]
    ]
    assert len(pages(idp, pool, 'name = "same"', 7)) == 61
    assert len(set(pages(idp, pool, "", 13))) == 61
    long = refusal(idp.list_users, UserPoolId=pool, Filter=f'name = "{"a" * 256}"')
    assert long[0] in ("InvalidParameterException", "ValidationException")


def test_groups_and_their_members_are_listed_page_by_page(idp: Any) -> None:
    pool = new_pool(idp)
    for name in ("a", "b", "c"):
        idp.create_group(UserPoolId=pool, GroupName=name)
        add(idp, pool, name)
        idp.admin_add_user_to_group(UserPoolId=pool, GroupName="a", Username=name)
    for call, given, member in (
        (idp.list_groups, {}, "Groups"),
        (idp.list_users_in_group, {"GroupName": "a"}, "Users"),
    ):
        found, token = [], {}
        for size in (2, 1):
            page = call(UserPoolId=pool, Limit=2, **given, **token)
            assert len(page[member]) == size
            found += [each.get("GroupName", each.get("Username")) for each in page[member]]
            token = {"NextToken": page["NextToken"]} if "NextToken" in page else {}
        assert token == {}
        assert sorted(found) == ["a", "b", "c"]
        other = refusal(call, UserPoolId=pool, NextToken="x", **given)
        assert other[0] == "InvalidParameterException"


def test_a_list_goes_on_nowhere_else(idp: Any) -> None:
    pool, other = new_pool(idp), new_pool(idp)
    for name in ("a1", "b1", "c1"):
        add(idp, pool, name)
    token = idp.list_users(UserPoolId=pool, Limit=1)["PaginationToken"]
    for given in (token, "x", "!!!!"):
        found, _ = refusal(idp.list_users, UserPoolId=other, PaginationToken=given)
        assert found == "InvalidParameterException"


def test_only_what_was_asked_for_is_told(idp: Any) -> None:
    pool = new_pool(idp)
    add(idp, pool, "ann", email="a@x.org", name="Ann")
    (user,) = idp.list_users(UserPoolId=pool, AttributesToGet=["email"])["Users"]
    assert user["Attributes"] == [{"Name": "email", "Value": "a@x.org"}]
    found, _ = refusal(idp.list_users, UserPoolId=pool, AttributesToGet=["nope"])
    assert found == "InvalidParameterException"


def test_groups_go_with_their_members_and_members_with_their_groups(idp: Any) -> None:
    pool = new_pool(idp)
    add(idp, pool, "ann")
    member = {"UserPoolId": pool, "Username": "ann"}
    for name in ("g1", "g2", "g3"):
        idp.create_group(UserPoolId=pool, GroupName=name)
        idp.admin_add_user_to_group(**member, GroupName=name)
        idp.admin_add_user_to_group(**member, GroupName=name)
    assert refusal(idp.create_group, UserPoolId=pool, GroupName="g1")[0] == "GroupExistsException"
    first = idp.admin_list_groups_for_user(**member, Limit=2)
    rest = idp.admin_list_groups_for_user(**member, Limit=2, NextToken=first["NextToken"])
    names = [each["GroupName"] for each in (*first["Groups"], *rest["Groups"])]
    assert names == ["g1", "g2", "g3"]
    idp.delete_group(UserPoolId=pool, GroupName="g2")
    left = idp.admin_list_groups_for_user(**member)["Groups"]
    assert [each["GroupName"] for each in left] == ["g1", "g3"]
    idp.admin_delete_user(**member)
    assert idp.list_users_in_group(UserPoolId=pool, GroupName="g1")["Users"] == []
    add(idp, pool, "ann")
    assert idp.admin_list_groups_for_user(**member)["Groups"] == []


def test_the_last_passwords_may_not_come_back(idp: Any) -> None:
    policy = {"MinimumLength": 8, "PasswordHistorySize": 2}
    pool = new_pool(idp, Policies={"PasswordPolicy": policy})
    add(idp, pool, "ann")
    given = {"UserPoolId": pool, "Username": "ann", "Permanent": True}
    idp.admin_set_user_password(**given, Password="password-1")
    idp.admin_set_user_password(**given, Password="password-2")
    for password in ("password-1", "password-2"):
        code, _ = refusal(idp.admin_set_user_password, **given, Password=password)
        assert code == "PasswordHistoryPolicyViolationException"
    idp.admin_set_user_password(**given, Password="password-3")
    idp.admin_set_user_password(**given, Password="password-1")
