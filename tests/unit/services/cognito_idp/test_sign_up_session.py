"""From a sign-up on to a sign-in: sessions of USER_AUTH, and the first sign-in where MFA is demanded."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.endpoint import Endpoint

PASSWORD, OTHER = "Right-password-1", "Another-password-2"
FLOWS = ["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
INVALID = ("NotAuthorizedException", "Invalid session for the user.")
USED = (
    "NotAuthorizedException",
    "Invalid session for the user, session can only be used once.",
)
EXPIRED = ("NotAuthorizedException", "Invalid session for the user, session is expired.")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def present(endpoint: Endpoint) -> Iterator[None]:
    yield
    endpoint.skew_s = 0.0


class People:
    def __init__(self, endpoint: Endpoint, flows: list[str] = FLOWS, **mfa: Any) -> None:
        self.endpoint = endpoint
        self.idp = endpoint.client("cognito-idp")
        pool = self.idp.create_user_pool(PoolName="p", AutoVerifiedAttributes=["email"])
        self.id = pool["UserPool"]["Id"]
        if mfa:
            self.idp.set_user_pool_mfa_config(UserPoolId=self.id, **mfa)
        self.client = self.new_client(flows)

    def new_client(self, flows: list[str] = FLOWS) -> str:
        made = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=flows
        )
        return str(made["UserPoolClient"]["ClientId"])

    def sign_up(self, name: str) -> Any:
        return self.idp.sign_up(
            ClientId=self.client,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
        )

    def confirm(self, name: str, **more: Any) -> Any:
        code = self.endpoint.code_to(f"{name}@example.org")
        return self.idp.confirm_sign_up(
            **{"ClientId": self.client, "Username": name, "ConfirmationCode": code, **more}
        )

    def join(self, name: str) -> str:
        """Sign up and confirm; gives the session that signs in."""
        begun = self.sign_up(name)["Session"]
        return str(self.confirm(name, Session=begun)["Session"])

    def go_on(self, name: str, session: str, client: str | None = None) -> Any:
        return self.idp.initiate_auth(
            ClientId=client or self.client,
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": name},
            Session=session,
        )

    def sign_in(self, name: str) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    return People(endpoint)


def refusal(call: Any, *arguments: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        call(*arguments, **given)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"].removesuffix(" (reached max retries: 0)")


def test_who_confirms_goes_on_without_another_factor_once(people: People) -> None:
    session = people.join("ann")
    tokens = people.go_on("ann", session)["AuthenticationResult"]
    assert people.idp.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ann"
    assert refusal(people.go_on, "ann", session) == USED


def test_a_confirmation_need_not_bring_the_session_of_the_sign_up(people: People) -> None:
    people.sign_up("bob")
    session = people.confirm("bob")["Session"]  # as Amplify does it
    assert people.go_on("bob", session)["AuthenticationResult"]


def test_an_administrators_server_goes_on_too(people: People) -> None:
    session = people.join("adm")
    begun = people.idp.admin_initiate_auth(
        UserPoolId=people.id,
        ClientId=people.client,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "adm"},
        Session=session,
    )
    assert begun["AuthenticationResult"]


def test_the_session_of_a_sign_up_signs_nobody_in(people: People) -> None:
    begun = people.sign_up("cat")["Session"]
    assert refusal(people.go_on, "cat", begun) == INVALID
    people.confirm("cat")
    begun = people.sign_up("cat2")["Session"]
    people.confirm("cat2")
    assert refusal(people.go_on, "cat2", begun) == INVALID


def test_a_confirmation_takes_no_session_but_its_own_users(people: People) -> None:
    dan, eve = people.sign_up("dan")["Session"], people.sign_up("eve")["Session"]
    assert refusal(people.confirm, "dan", Session=eve) == INVALID
    wrong = refusal(people.confirm, "dan", Session=dan, ConfirmationCode="000000x")
    assert wrong[0] == "CodeMismatchException"
    assert people.confirm("dan", Session=dan)["Session"]  # it may be tried again
    assert refusal(people.confirm, "eve", Session="x" * 40) == INVALID
    late = people.sign_up("fay")["Session"]
    people.endpoint.skew_s = 200
    assert refusal(people.confirm, "fay", Session=late) == EXPIRED
    people.confirm("fay")


def test_a_session_does_not_tell_strangers_who_signed_up(endpoint: Endpoint) -> None:
    people = People(endpoint)
    made = people.idp.create_user_pool_client(
        UserPoolId=people.id,
        ClientName="hiding",
        ExplicitAuthFlows=FLOWS,
        PreventUserExistenceErrors="ENABLED",
    )
    people.client = made["UserPoolClient"]["ClientId"]
    people.sign_up("kay")
    for name in ("kay", "not-there"):
        own = people.sign_up(f"stranger-of-{name}")["Session"]
        for session in ("x" * 40, own):
            told = refusal(
                people.idp.confirm_sign_up,
                ClientId=people.client,
                Username=name,
                ConfirmationCode="000000",
                Session=session,
            )
            assert told == INVALID


def test_a_session_is_of_its_client_pool_and_user_and_soon_over(people: People) -> None:
    session = people.join("gus")
    people.join("hal")
    assert refusal(people.go_on, "gus", session, people.new_client()) == INVALID
    session = people.join("ian")
    assert refusal(people.go_on, "hal", session) == INVALID
    other = People(people.endpoint)
    other.join("ian")
    session = people.join("joe")
    assert refusal(other.go_on, "ian", session) == INVALID
    session = people.join("kim")
    people.endpoint.skew_s = 181
    assert refusal(people.go_on, "kim", session) == EXPIRED


@pytest.mark.parametrize(
    "what", ["password", "disabled", "re-enabled", "deleted", "signed out", "address", "signed in"]
)
def test_what_changed_meanwhile_ends_a_session(people: People, what: str) -> None:
    name = f"lea-{what.replace(' ', '-')}"
    session = people.join(name)
    user = {"UserPoolId": people.id, "Username": name}
    idp = people.idp
    match what:
        case "password":
            idp.admin_set_user_password(**user, Password=OTHER, Permanent=True)
        case "disabled":
            idp.admin_disable_user(**user)
        case "re-enabled":
            idp.admin_disable_user(**user)
            idp.admin_enable_user(**user)
        case "deleted":
            idp.admin_delete_user(**user)
            people.sign_up(name)
        case "signed out":
            idp.admin_user_global_sign_out(**user)
        case "address":
            changed = [{"Name": "email", "Value": f"new-{name}@example.org"}]
            idp.admin_update_user_attributes(**user, UserAttributes=changed)
        case "signed in":
            assert people.sign_in(name)["AuthenticationResult"]
    told = refusal(people.go_on, name, session)
    assert told[0] == "NotAuthorizedException"


def test_a_client_without_user_auth_is_given_no_session(endpoint: Endpoint) -> None:
    people = People(endpoint, ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"])
    assert "Session" not in people.sign_up("mia")
    assert "Session" not in people.confirm("mia")


TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


def test_the_first_sign_in_alone_goes_without_the_factor_that_a_pool_demands(
    endpoint: Endpoint,
) -> None:
    people = People(endpoint, MfaConfiguration="ON", **TOTP)
    people.sign_up("ann")
    assert "Session" not in people.confirm("ann")  # the mailbox would be both factors
    token = people.sign_in("ann")["AuthenticationResult"]["AccessToken"]
    assert people.sign_in("ann")["ChallengeName"] == "MFA_SETUP"
    assert people.idp.associate_software_token(AccessToken=token)["SecretCode"]


def test_a_first_sign_in_that_is_no_first_one_asks_for_a_factor(endpoint: Endpoint) -> None:
    people = People(endpoint, MfaConfiguration="ON", **TOTP)
    for name in ("late", "reset", "told"):
        people.sign_up(name)
    people.confirm("late")
    people.confirm("reset")
    people.idp.admin_set_user_password(
        UserPoolId=people.id, Username="reset", Password=PASSWORD, Permanent=True
    )
    people.idp.admin_confirm_sign_up(UserPoolId=people.id, Username="told")
    assert people.sign_in("reset")["ChallengeName"] == "MFA_SETUP"
    assert people.sign_in("told")["ChallengeName"] == "MFA_SETUP"  # nobody proved an address
    people.endpoint.skew_s = 86_401
    assert people.sign_in("late")["ChallengeName"] == "MFA_SETUP"


def test_a_factor_that_was_chosen_is_asked_for_at_the_first_sign_in(endpoint: Endpoint) -> None:
    mail = {"EmailMfaConfiguration": {"Message": "{####} it is", "Subject": "code"}}
    people = People(endpoint, MfaConfiguration="ON", **mail)
    people.sign_up("ann")
    people.confirm("ann")
    people.idp.admin_set_user_mfa_preference(
        UserPoolId=people.id, Username="ann", EmailMfaSettings={"Enabled": True}
    )
    assert people.sign_in("ann")["ChallengeName"] == "EMAIL_OTP"


def test_of_many_first_sign_ins_at_once_one_is_the_first(endpoint: Endpoint) -> None:
    people = People(endpoint, MfaConfiguration="ON", **TOTP)
    people.sign_up("ann")
    people.confirm("ann")
    with ThreadPoolExecutor(4) as threads:
        told = list(threads.map(lambda _: people.sign_in("ann").get("ChallengeName"), range(4)))
    assert sorted(map(str, told)) == ["MFA_SETUP"] * 3 + ["None"]


def test_of_many_who_go_on_at_once_one_gets_in(endpoint: Endpoint) -> None:
    people = People(endpoint)
    session = people.join("ann")

    def go_on(_: int) -> str:
        try:
            return str(people.go_on("ann", session).keys() & {"AuthenticationResult"})
        except ClientError as refused:
            return str(refused.response["Error"]["Message"])

    with ThreadPoolExecutor(4) as threads:
        told = sorted(threads.map(go_on, range(4)))
    assert told == [USED[1]] * 3 + ["{'AuthenticationResult'}"]
