"""Identity providers, and identities elsewhere that lead to users, through boto3 without a socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from e2e.userpools.directory import claims_of, refusal

PASSWORD = "Right-password-1"
SECRET = "long-enough-secret"
OIDC = {
    "client_id": "us",
    "client_secret": SECRET,
    "attributes_request_method": "GET",
    "oidc_issuer": "https://works.example.org",
    "authorize_scopes": "openid email",
}
SOCIAL = {"client_id": "us", "client_secret": SECRET, "authorize_scopes": "openid"}
SAML = {"MetadataURL": "https://works.example.org/metadata"}
ENDPOINTS = {
    "authorize_url": "https://w.example.org/a",
    "token_url": "https://w.example.org/t",
    "attributes_url": "https://w.example.org/u",
    "jwks_uri": "https://w.example.org/k",
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


class People:
    """A pool with a provider `works`, and a client for passwords."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.idp = endpoint.client("cognito-idp")
        self.id = self.idp.create_user_pool(PoolName="p")["UserPool"]["Id"]
        self.client_id = self.idp.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="c",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        self.provide("works", "OIDC", OIDC, AttributeMapping={"email": "mail"})

    def provide(self, name: str, kind: str, details: dict[str, str], **more: Any) -> Any:
        return self.idp.create_identity_provider(
            UserPoolId=self.id,
            ProviderName=name,
            ProviderType=kind,
            ProviderDetails=details,
            **more,
        )["IdentityProvider"]

    def add(self, name: str) -> None:
        self.idp.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self.idp.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )

    def sign_in(self, name: str) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]

    def link(self, name: str, value: str, **more: str) -> None:
        self.idp.admin_link_provider_for_user(
            UserPoolId=self.id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": name},
            SourceUser=identity(value, **more),
        )

    def unlink(self, value: str, **more: str) -> None:
        self.idp.admin_disable_provider_for_user(UserPoolId=self.id, User=identity(value, **more))

    def identities(self, name: str) -> list[Any]:
        user = self.idp.admin_get_user(UserPoolId=self.id, Username=name)
        found = [each["Value"] for each in user["UserAttributes"] if each["Name"] == "identities"]
        return json.loads(found[0]) if found else []


def identity(value: str, **more: str) -> dict[str, str]:
    return {
        "ProviderName": "works",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": value,
        **more,
    }


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    return People(endpoint)


def test_a_linked_identity_is_told_wherever_the_user_is(people: People) -> None:
    people.add("ann")
    people.link("ann", "42")
    (told,) = people.identities("ann")
    assert told.pop("dateCreated") > 1_600_000_000_000
    assert told == {
        "userId": "42",
        "providerName": "works",
        "providerType": "OIDC",
        "issuer": "https://works.example.org",
        "primary": False,
    }
    (listed,) = people.idp.list_users(UserPoolId=people.id)["Users"]
    assert "identities" in {each["Name"] for each in listed["Attributes"]}
    tokens = people.sign_in("ann")
    own = people.idp.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert "identities" in {each["Name"] for each in own}
    (claim,) = claims_of(tokens["IdToken"])["identities"]
    assert (claim["userId"], claim["primary"]) == ("42", "false")
    people.unlink("42")
    assert people.identities("ann") == []


def test_an_identity_leads_to_one_user_and_a_user_to_five(people: People) -> None:
    for name in ("ann", "ben"):
        people.add(name)
    for number in range(5):
        people.link("ann", str(number))
    assert refusal(people.link, "ann", "5")[0] == "LimitExceededException"
    taken = ("InvalidParameterException", "SourceUser is already linked to a user.")
    assert refusal(people.link, "ben", "0") == taken
    people.unlink("0")
    people.link("ben", "0")
    people.idp.admin_delete_user(UserPoolId=people.id, Username="ben")
    people.link("ann", "0")  # what led to a user who is gone leads nowhere


def test_who_is_linked_must_be_who_is_said(people: People) -> None:
    people.add("ann")
    people.add("works_7")
    none = ("UserNotFoundException", "User does not exist.")
    assert refusal(people.link, "nobody", "1") == none
    assert refusal(people.unlink, "1") == none
    for more in (
        {"ProviderName": "Cognito"},
        {"ProviderName": "elsewhere"},
        {"ProviderAttributeName": "name"},
        {"ProviderAttributeName": "x" * 3000},
    ):
        assert refusal(people.link, "ann", "1", **more)[0] == "InvalidParameterException"
    for value in ("", "v" * 3000, "7"):  # works_7 signed in already
        assert refusal(people.link, "ann", value)[0] == "InvalidParameterException"
    people.link("ann", "ann@example.org", ProviderAttributeName="email")
    assert refusal(people.unlink, "ann@example.org") == none  # by another attribute
    people.unlink("ann@example.org", ProviderAttributeName="email")
    people.provide("Google", "Google", SOCIAL, AttributeMapping={"email": "email"})
    told = refusal(people.link, "ann", "1", ProviderName="Google", ProviderAttributeName="email")
    assert told[0] == "InvalidParameterException"


def test_a_linked_identity_stands_for_its_user_as_a_destination(people: People) -> None:
    people.add("ann")
    people.link("ann", "42")
    people.idp.admin_link_provider_for_user(
        UserPoolId=people.id,
        DestinationUser={"ProviderName": "works", "ProviderAttributeValue": "42"},
        SourceUser=identity("43"),
    )
    assert [each["userId"] for each in people.identities("ann")] == ["42", "43"]


def test_who_may_not_use_a_password_gets_none_by_themself(people: People) -> None:
    people.add("ann")
    tokens = people.sign_in("ann")
    local = {"ProviderName": "Cognito"}
    wrong = refusal(people.unlink, "ann", **local, ProviderAttributeName="email")
    assert wrong[0] == "InvalidParameterException"
    assert refusal(people.unlink, "nobody", **local)[0] == "UserNotFoundException"
    people.unlink("ann", **local)
    assert refusal(people.sign_in, "ann")[0] == "NotAuthorizedException"
    user = people.idp.admin_get_user(UserPoolId=people.id, Username="ann")
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    change = {"AccessToken": tokens["AccessToken"], "ProposedPassword": PASSWORD + "!"}
    assert refusal(people.idp.change_password, **change)[0] == "NotAuthorizedException"
    forgot = {"ClientId": people.client_id, "Username": "ann"}
    assert refusal(people.idp.forgot_password, **forgot)[0] == "NotAuthorizedException"
    people.idp.admin_set_user_password(
        UserPoolId=people.id, Username="ann", Password=PASSWORD, Permanent=True
    )
    assert people.sign_in("ann")


@pytest.mark.parametrize(
    ("name", "kind", "details"),
    [
        ("abc", "OIDC", OIDC | {"authorize_scopes": "email"}),
        ("abc", "OIDC", OIDC | {"attributes_request_method": "PUT"}),
        ("abc", "OIDC", OIDC | {"oidc_issuer": "http://works.example.org"}),
        ("abc", "OIDC", OIDC | {"oidc_issuer": "https://[x"}),
        ("abc", "OIDC", OIDC | {"token_url": "https://works.example.org/t"}),
        ("abc", "OIDC", OIDC | {"shoe_size": "42"}),
        ("abc", "OIDC", {}),
        ("Google", "OIDC", OIDC),
        ("COGNITO", "OIDC", OIDC),
        ("abc", "SAML", {}),
        ("abc", "SAML", SAML | {"MetadataFile": "<x/>"}),
        ("abc", "SAML", SAML | {"IDPInit": "yes"}),
        ("abc", "SAML", SAML | {"RequestSigningAlgorithm": "rsa-sha1"}),
        ("google", "Google", SOCIAL),
        ("Google", "Google", {"client_id": "us"}),
        ("SignInWithApple", "SignInWithApple", SOCIAL),
    ],
)
def test_providers_that_cannot_be_are_refused(
    people: People, name: str, kind: str, details: dict[str, str]
) -> None:
    told = refusal(people.provide, name, kind, details)
    assert told[0] == "InvalidParameterException"
    assert SECRET not in told[1]


def test_providers_are_told_changed_and_taken_away(people: People) -> None:
    made = people.provide("files", "SAML", SAML, IdpIdentifiers=["f.example.org"])
    assert made["ProviderDetails"] == SAML
    again = refusal(people.provide, "files", "SAML", SAML)
    assert again[0] == "DuplicateProviderException"
    taken = refusal(people.provide, "more", "SAML", SAML, IdpIdentifiers=["f.example.org"])
    assert taken[0] == "InvalidParameterException"
    mapped = refusal(people.provide, "more", "SAML", SAML, AttributeMapping={"shoe": "s"})
    assert mapped[0] == "InvalidParameterException"
    where = {"UserPoolId": people.id, "ProviderName": "works"}
    details = OIDC | ENDPOINTS | {"attributes_url_add_attributes": "false"}
    people.idp.update_identity_provider(**where, ProviderDetails=details)
    found = people.idp.describe_identity_provider(**where)["IdentityProvider"]
    assert found["ProviderDetails"] == OIDC | ENDPOINTS
    assert found["AttributeMapping"] == {"email": "mail"}  # it was not said, and stays
    first = people.idp.list_identity_providers(UserPoolId=people.id, MaxResults=1)
    rest = people.idp.list_identity_providers(UserPoolId=people.id, NextToken=first["NextToken"])
    listed = [each["ProviderName"] for each in (*first["Providers"], *rest["Providers"])]
    assert listed == ["files", "works"]
    by_name = people.idp.get_identity_provider_by_identifier
    known = {"UserPoolId": people.id, "IdpIdentifier": "f.example.org"}
    assert by_name(**known)["IdentityProvider"]["ProviderName"] == "files"
    people.idp.delete_identity_provider(UserPoolId=people.id, ProviderName="files")
    for call, given in ((by_name, known), (people.idp.delete_identity_provider, where | {"ProviderName": "files"})):  # fmt: skip
        assert refusal(call, **given)[0] == "ResourceNotFoundException"


def test_apples_key_is_told_to_nobody(people: People) -> None:
    details = {"client_id": "a", "team_id": "b", "key_id": "c", "authorize_scopes": "email"}
    made = people.provide("SignInWithApple", "SignInWithApple", details | {"private_key": "k" * 20})
    assert made["ProviderDetails"] == details


def test_clients_support_providers_that_there_are(people: People) -> None:
    where = {"UserPoolId": people.id, "ClientId": people.client_id}
    told = refusal(
        people.idp.update_user_pool_client, **where, SupportedIdentityProviders=["Google"]
    )
    assert told == (
        "InvalidParameterException",
        f"The provider Google does not exist for User Pool {people.id}",
    )
    people.idp.update_user_pool_client(**where, SupportedIdentityProviders=["COGNITO", "works"])
    people.idp.delete_identity_provider(UserPoolId=people.id, ProviderName="works")
    client = people.idp.describe_user_pool_client(**where)["UserPoolClient"]
    assert client["SupportedIdentityProviders"] == ["COGNITO"]
