"""What one address may try, whoever it names: through the endpoint, by the connection's address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tests.endpoint
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.userpool.address_limits import AddressLimits
from mfa_directory import PASSWORD, People

LIMIT = 4
HERE, THERE = "203.0.113.9", "203.0.113.10"
REFUSED = "Password attempts exceeded"
_addresses = iter(f"198.51.100.{number}" for number in range(1, 250))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    make = tests.endpoint.make_pools

    def made(*arguments: Any, **named: Any) -> Any:
        return replace(make(*arguments, **named), addresses=AddressLimits(LIMIT))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tests.endpoint, "make_pools", made)
        with Endpoint() as endpoint:
            yield endpoint


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    hides = {"PreventUserExistenceErrors": "ENABLED"}
    people = People(endpoint, kinds="email", first=("PASSWORD", "EMAIL_OTP"), **hides)
    for name in ("ann", "bob", "cid", "dan", "eve"):
        people.add(name, email=f"{name}@example.org", email_verified="true")
    return people


@pytest.fixture
def here() -> str:
    """An address that nothing came from yet."""
    return next(_addresses)


def ask(people: People, source_ip: str, operation: str, /, **asked: Any) -> tuple[str, str]:
    """Ask from an address; gives code and message of the refusal, nothing for an answer."""
    headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", f"AWSCognitoIdentityProviderService.{operation}"),
        ("x-forwarded-for", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
    ]
    body = json.dumps({"ClientId": people.client_id, **asked}).encode()
    answered = people.endpoint.send("POST", "/", headers, body, source_ip=source_ip)
    told = json.loads(answered.body)
    return told.get("__type", ""), told.get("message", "")


def sign_in(people: People, source_ip: str, name: str, password: str = "Wrong-1x") -> str:
    parameters = {"USERNAME": name, "PASSWORD": password}
    return ask(
        people,
        source_ip,
        "InitiateAuth",
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters=parameters,
    )[1]


def test_one_guess_at_each_of_many_users_ends_soon(people: People, here: str) -> None:
    told = [sign_in(people, here, name) for name in ("ann", "nobody", "bob", "no-one", "cid")]
    assert told == ["Incorrect username or password."] * LIMIT + [REFUSED]
    assert sign_in(people, here, "ann", PASSWORD) == REFUSED
    assert sign_in(people, here, "never-heard-of") == REFUSED
    other = next(_addresses)
    assert sign_in(people, other, "ann", PASSWORD) == ""
    people.endpoint.skew_s = 900
    assert sign_in(people, here, "ann", PASSWORD) == ""
    people.endpoint.skew_s = 0


def test_codes_are_guessed_no_more_often_than_passwords(people: People, here: str) -> None:
    told = [
        ask(people, here, operation, Username=name, ConfirmationCode="123456", **more)[0]
        for name in ("ann", "nobody")
        for operation, more in (
            ("ConfirmSignUp", {}),
            ("ConfirmForgotPassword", {"Password": PASSWORD}),
        )
    ]
    assert told == ["ExpiredCodeException"] * LIMIT
    last = ask(people, here, "ConfirmSignUp", Username="bob", ConfirmationCode="123456")
    assert last == ("NotAuthorizedException", REFUSED)
    assert sign_in(people, here, "dan", PASSWORD) == REFUSED


@pytest.mark.parametrize("named", [("ann", "bob", "cid", "dan", "eve"), ("v", "w", "x", "y", "z")])
def test_codes_are_not_sent_to_everybody(people: People, here: str, named: tuple[str, ...]) -> None:
    told = [ask(people, here, "ForgotPassword", Username=name)[0] for name in named]
    assert told == [""] * LIMIT + ["TooManyRequestsException"]
    preferred = {"USERNAME": named[0], "PREFERRED_CHALLENGE": "EMAIL_OTP"}
    by_code = ask(people, here, "InitiateAuth", AuthFlow="USER_AUTH", AuthParameters=preferred)
    assert by_code == ("TooManyRequestsException", "Rate exceeded")
    assert sign_in(people, here, "ann", PASSWORD) == ""


def test_sign_ups_are_counted_whatever_becomes_of_them(people: People, here: str) -> None:
    names = ("ann", "fay", "gus", "bob", "hal")
    told = [ask(people, here, "SignUp", Username=name, Password=PASSWORD)[0] for name in names]
    taken = "UsernameExistsException"
    assert told == [taken, "", "", taken, "TooManyRequestsException"]


def test_a_session_cannot_be_guessed_and_counts_nothing(people: People, here: str) -> None:
    for _ in range(LIMIT * 2):
        told = ask(
            people,
            here,
            "RespondToAuthChallenge",
            ChallengeName="EMAIL_OTP",
            Session="A" * 40,
            ChallengeResponses={"USERNAME": "ann", "EMAIL_OTP_CODE": "12345678"},
        )
        assert told[1] == "Invalid session for the user."
        told = ask(
            people,
            here,
            "InitiateAuth",
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": "A" * 40},
        )
        assert told[1] == "Invalid Refresh Token"
    assert sign_in(people, here, "eve", PASSWORD) == ""


def test_this_machine_is_not_limited_by_all_who_come_through_it(people: People) -> None:
    told = {sign_in(people, "127.0.0.1", f"stranger-{number}") for number in range(LIMIT * 2)}
    assert told == {"Incorrect username or password."}


def test_an_address_that_a_server_claims_is_not_counted(people: People) -> None:
    idp = people.idp
    pool, client = people.id, people.client_id
    idp.update_user_pool_client(
        UserPoolId=pool,
        ClientId=client,
        ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    for number in range(LIMIT * 2):
        with pytest.raises(idp.exceptions.NotAuthorizedException) as refused:
            idp.admin_initiate_auth(
                UserPoolId=pool,
                ClientId=client,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": f"stranger-{number}", "PASSWORD": "Wrong-1x"},
                ContextData={
                    "IpAddress": HERE,
                    "ServerName": "s",
                    "ServerPath": "/",
                    "HttpHeaders": [],
                },
            )
        assert "Incorrect username" in str(refused.value)
    assert sign_in(people, HERE, "ann", PASSWORD) == ""
    assert sign_in(people, THERE, "ann", PASSWORD) == ""
