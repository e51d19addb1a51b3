"""Proofs that were overtaken: by another password, another address, another name, another client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from bargate.records.pool_user import POOL_USER
from bargate.userpool.users import sign_out
from mfa_directory import FIRST, FLOWS, PASSWORD, WRONG, People, refusal

OTHER = "Other-password-1"
SECOND = "Temporary-2"
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
ROTATION = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    return People(endpoint)


def set_password(people: People, name: str, password: str, *, permanent: bool) -> None:
    people.idp.admin_set_user_password(
        UserPoolId=people.id, Username=name, Password=password, Permanent=permanent
    )


def pool_with(endpoint: Endpoint, **settings: Any) -> tuple[Any, str, str]:
    """Make a pool with a client; gives the boto3 client and both ids."""
    idp = endpoint.client("cognito-idp")
    pool = idp.create_user_pool(PoolName="p", **settings)["UserPool"]["Id"]
    app = idp.create_user_pool_client(UserPoolId=pool, ClientName="c", ExplicitAuthFlows=FLOWS)
    return idp, pool, app["UserPoolClient"]["ClientId"]


def test_a_session_ends_with_the_temporary_password_that_it_began_with(people: People) -> None:
    people.add("ann", None)
    posed = people.begin("ann", FIRST)
    assert posed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    set_password(people, "ann", SECOND, permanent=False)
    assert refusal(people.answer, posed, "ann", NEW_PASSWORD=OTHER) == WRONG
    done = people.answer(people.begin("ann", SECOND), "ann", NEW_PASSWORD=OTHER)
    assert done["AuthenticationResult"]


def test_a_second_factor_gives_no_tokens_for_a_password_of_before(people: People) -> None:
    people.add("ann")
    secret = people.set_up_token("ann")
    posed = people.begin("ann")
    assert posed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    set_password(people, "ann", OTHER, permanent=True)
    code = people.shown(secret)
    assert refusal(people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code) == WRONG
    people.endpoint.skew_s += 30
    posed = people.begin("ann", OTHER)
    code = people.shown(secret)
    assert people.answer(posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]


def test_a_new_password_and_a_second_factor_follow_each_other(people: People) -> None:
    people.add("ann")
    secret = people.set_up_token("ann")
    set_password(people, "ann", SECOND, permanent=False)
    posed = people.answer(people.begin("ann", SECOND), "ann", NEW_PASSWORD=OTHER)
    assert posed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    code = people.shown(secret)
    assert people.answer(posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]


def test_no_name_leads_to_two_users(endpoint: Endpoint) -> None:
    folds = {"CaseSensitive": False}
    idp, pool, client = pool_with(
        endpoint, AliasAttributes=["preferred_username"], UsernameConfiguration=folds
    )

    def create(name: str, preferred: str) -> Any:
        attributes = [{"Name": "preferred_username", "Value": preferred}]
        return idp.admin_create_user(
            UserPoolId=pool,
            Username=name,
            UserAttributes=attributes,
            MessageAction="SUPPRESS",
            TemporaryPassword=FIRST,
        )

    create("ann", "queen")
    taken = ("UsernameExistsException", "User already exists")
    aliased = ("AliasExistsException", "An account with the preferred_username already exists.")
    assert refusal(create, "queen", "other") == taken
    assert refusal(create, "Queen", "other") == taken
    signed = refusal(idp.sign_up, ClientId=client, Username="queen", Password=PASSWORD)
    assert signed == taken
    assert refusal(create, "bob", "ann") == aliased
    create("bob", "bobby")
    named = {"UserPoolId": pool, "Username": "bob"}
    change = [{"Name": "preferred_username", "Value": "ANN"}]
    told = refusal(idp.admin_update_user_attributes, **named, UserAttributes=change)
    assert told == aliased
    own = [{"Name": "preferred_username", "Value": "bob"}]
    idp.admin_update_user_attributes(**named, UserAttributes=own)
    forced = refusal(
        idp.admin_create_user,
        UserPoolId=pool,
        Username="eve",
        UserAttributes=change,
        ForceAliasCreation=True,
        MessageAction="SUPPRESS",
    )
    assert forced == aliased


def test_another_client_cannot_end_a_family_by_a_token_of_it(people: People) -> None:
    clients = []
    for name in ("one", "two"):
        made = people.idp.create_user_pool_client(
            UserPoolId=people.id,
            ClientName=name,
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
            **ROTATION,
        )
        clients.append(made["UserPoolClient"]["ClientId"])
    people.add("ann")
    first = people.idp.initiate_auth(
        ClientId=clients[0],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["RefreshToken"]
    renew = people.idp.get_tokens_from_refresh_token
    second = renew(ClientId=clients[0], RefreshToken=first)["AuthenticationResult"]["RefreshToken"]
    invalid = ("NotAuthorizedException", "Invalid Refresh Token")
    assert refusal(renew, ClientId=clients[1], RefreshToken=first) == invalid
    assert refusal(renew, ClientId=clients[1], RefreshToken=second) == invalid
    third = renew(ClientId=clients[0], RefreshToken=second)["AuthenticationResult"]["RefreshToken"]
    reused = refusal(renew, ClientId=clients[0], RefreshToken=second)
    assert reused[0] == "RefreshTokenReuseException"
    ended = refusal(renew, ClientId=clients[0], RefreshToken=third)
    assert ended == ("NotAuthorizedException", "Refresh Token has been revoked")


def test_the_code_of_a_sign_up_ends_with_the_address_that_it_went_to(endpoint: Endpoint) -> None:
    idp, pool, client = pool_with(endpoint, AutoVerifiedAttributes=["email"])
    signed_up = {"ClientId": client, "Username": "ann"}
    mail = [{"Name": "email", "Value": "ann@example.org"}]
    idp.sign_up(**signed_up, Password=PASSWORD, UserAttributes=mail)
    code = endpoint.code_to("ann@example.org")
    other = [{"Name": "email", "Value": "other@example.org"}]
    idp.admin_update_user_attributes(UserPoolId=pool, Username="ann", UserAttributes=other)
    assert refusal(idp.confirm_sign_up, **signed_up, ConfirmationCode=code) == EXPIRED
    user = idp.admin_get_user(UserPoolId=pool, Username="ann")
    assert user["UserStatus"] == "UNCONFIRMED"
    idp.resend_confirmation_code(**signed_up)
    idp.confirm_sign_up(**signed_up, ConfirmationCode=endpoint.code_to("other@example.org"))
    shown = idp.admin_get_user(UserPoolId=pool, Username="ann")["UserAttributes"]
    assert {"Name": "email_verified", "Value": "true"} in shown


def test_who_signed_out_verifies_no_software_token(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token ends after the call began, and before its transaction."""
    people.add("ann")
    token = people.token("ann")
    secret = people.idp.associate_software_token(AccessToken=token)["SecretCode"]
    submit = type(people.endpoint.store).submit
    signed_out: list[bool] = []

    async def late(store: Any, work: Any) -> Any:
        if not signed_out:
            signed_out.append(True)

            def end(tx: Any) -> None:
                user = tx.find_by(POOL_USER, "username", (people.id, "ann"))
                sign_out(tx, user, people.endpoint.now())

            await submit(store, end)
        return await submit(store, work)

    monkeypatch.setattr(type(people.endpoint.store), "submit", late)
    code = people.shown(secret)
    told = refusal(people.idp.verify_software_token, AccessToken=token, UserCode=code)
    monkeypatch.undo()
    assert told == ("NotAuthorizedException", "Access Token has been revoked")
    posed = people.begin("ann")
    assert posed["AuthenticationResult"]
