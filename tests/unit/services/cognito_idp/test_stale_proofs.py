"""Proofs that were overtaken: by another password, another address, another name, another client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.records.pool_user import POOL_USER
from bargate.userpool.users import sign_out
from mfa_directory import FIRST, FLOWS, MISMATCH, PASSWORD, WRONG, People, refusal

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


def overtaken(people: People, patch: pytest.MonkeyPatch, work: Any) -> None:
    """Let `work(tx)` run after the next call began, and before its transaction."""
    submit = type(people.endpoint.store).submit
    done: list[bool] = []

    async def late(store: Any, own: Any) -> Any:
        if not done:
            done.append(True)
            await submit(store, work)
        return await submit(store, own)

    patch.setattr(type(people.endpoint.store), "submit", late)


def test_who_signed_out_verifies_no_software_token(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add("ann")
    token = people.token("ann")
    secret = people.idp.associate_software_token(AccessToken=token)["SecretCode"]

    def end(tx: Any) -> None:
        sign_out(tx, tx.find_by(POOL_USER, "username", (people.id, "ann")), people.endpoint.now())

    overtaken(people, monkeypatch, end)
    code = people.shown(secret)
    told = refusal(people.idp.verify_software_token, AccessToken=token, UserCode=code)
    monkeypatch.undo()
    assert told == ("NotAuthorizedException", "Access Token has been revoked")
    posed = people.begin("ann")
    assert posed["AuthenticationResult"]


def test_a_code_verifies_no_address_that_took_the_place_of_its_own(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(endpoint, "ON", "email")
    people.add("ann", PASSWORD, email="ann@example.org")
    posed = people.begin("ann")
    code = endpoint.code_to("ann@example.org")

    def move(tx: Any) -> None:
        user = tx.find_by(POOL_USER, "username", (people.id, "ann"))
        attributes = {**user.attributes, "email": "victim@example.org"}
        key = POOL_USER.key_of(user)
        tx.update(POOL_USER, key, lambda old: replace(old, attributes=attributes))

    overtaken(people, monkeypatch, move)
    assert refusal(people.answer, posed, "ann", EMAIL_OTP_CODE=code) == MISMATCH
    monkeypatch.undo()
    user = people.idp.admin_get_user(UserPoolId=people.id, Username="ann")
    shown = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
    assert shown["email"] == "victim@example.org"
    assert shown.get("email_verified", "false") == "false"


def test_a_password_of_before_sets_up_no_factor(endpoint: Endpoint) -> None:
    people = People(endpoint, "ON", "totp email")
    people.add("ann")
    by_mail, by_token, late = (people.begin("ann") for _ in range(3))
    asked = people.answer(by_mail, "ann", EMAIL="thief@example.org")
    code = endpoint.code_to("thief@example.org")
    begun = people.idp.associate_software_token(Session=by_token["Session"])
    set_password(people, "ann", OTHER, permanent=True)
    assert refusal(people.answer, asked, "ann", EMAIL_OTP_CODE=code) == WRONG
    assert refusal(people.answer, late, "ann", EMAIL="late@example.org") == WRONG
    verified = refusal(
        people.idp.verify_software_token,
        Session=begun["Session"],
        UserCode=people.shown(begun["SecretCode"]),
    )
    assert verified == WRONG
    posed = people.begin("ann", OTHER)
    assert posed["ChallengeName"] == "MFA_SETUP"


def test_a_factor_that_is_chosen_meanwhile_is_not_passed_over_at_the_first_sign_in(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People(endpoint, "ON", "email")
    mail = [{"Name": "email", "Value": "ann@example.org"}]
    signed_up = {"ClientId": people.client_id, "Username": "ann"}
    people.idp.update_user_pool(UserPoolId=people.id, AutoVerifiedAttributes=["email"])
    mfa = {"Message": "Use {####} now", "Subject": "Now"}
    people.offer("ON", EmailMfaConfiguration=mfa)
    people.idp.sign_up(**signed_up, Password=PASSWORD, UserAttributes=mail)
    code = endpoint.code_to("ann@example.org")
    people.idp.confirm_sign_up(**signed_up, ConfirmationCode=code)

    def choose(tx: Any) -> None:
        user = tx.find_by(POOL_USER, "username", (people.id, "ann"))
        key = POOL_USER.key_of(user)
        tx.update(POOL_USER, key, lambda old: replace(old, mfa=("EMAIL_OTP",)))

    overtaken(people, monkeypatch, choose)
    posed = people.begin("ann")
    monkeypatch.undo()
    assert posed["ChallengeName"] == "EMAIL_OTP"
