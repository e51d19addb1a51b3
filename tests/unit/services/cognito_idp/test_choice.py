"""USER_AUTH through boto3 without a socket: what is offered, chosen, and hidden."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.endpoint import Endpoint

from mfa_directory import (
    FIRST,
    MISMATCH,
    PASSWORD,
    USED,
    WRONG,
    People,
    Post,
    refusal,
    with_post,
)
from srp_client import SrpClient
from totp_client import wrong

ALL = ("PASSWORD", "EMAIL_OTP", "SMS_OTP")
HIDES = {"PreventUserExistenceErrors": "ENABLED"}


@pytest.fixture(scope="module")
def post() -> Post:
    return Post()


@pytest.fixture(scope="module")
def endpoint(post: Post) -> Iterator[Endpoint]:
    with pytest.MonkeyPatch.context() as patch:
        with_post(patch, post)
        with Endpoint() as endpoint:
            yield endpoint


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    return People(endpoint, first=ALL)


def test_a_user_is_offered_what_they_have(people: People) -> None:
    people.add_known("ann")
    people.add("ben")
    people.add("new", None, email="n@example.org", email_verified="true")
    people.add("carl", email="c@example.org", email_verified="false")
    offered = {n: people.choose(n)["AvailableChallenges"] for n in ("ann", "ben", "new", "carl")}
    password = ["PASSWORD_SRP", "PASSWORD"]
    assert offered == {
        "ann": [*password, "EMAIL_OTP", "SMS_OTP"],
        "ben": password,
        "new": password,
        "carl": password,
    }
    posed = people.choose("ben", "EMAIL_OTP")
    assert (posed["ChallengeName"], posed["ChallengeParameters"]) == ("SELECT_CHALLENGE", {})


def test_a_pool_that_permits_passwords_alone_offers_them_alone(endpoint: Endpoint) -> None:
    people = People(endpoint)
    people.add_known("ann")
    assert people.choose("ann")["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]
    posed = people.choose("ann")
    told = refusal(people.answer, posed, "ann", ANSWER="EMAIL_OTP")
    assert told == (
        "InvalidParameterException",
        "EMAIL_OTP is not among the available challenges.",
    )


def test_a_password_is_sent_at_once_or_when_it_is_asked_for(people: People) -> None:
    people.add_known("ann")
    assert people.choose("ann", "PASSWORD", PASSWORD=PASSWORD)["AuthenticationResult"]
    posed = people.choose("ann", "PASSWORD")
    assert posed["ChallengeName"] == "PASSWORD"
    assert people.answer(posed, "ann", PASSWORD=PASSWORD)["AuthenticationResult"]
    posed = people.choose("ann")
    answered = people.answer(posed, "ann", ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert answered["AuthenticationResult"]
    bad = refusal(people.choose, "ann", "PASSWORD", PASSWORD="Wrong-password-1")
    assert bad == WRONG
    posed = people.choose("ann")
    assert refusal(people.answer, posed, "ann", ANSWER="PASSWORD", PASSWORD="Wrong-1") == WRONG
    assert refusal(people.answer, posed, "ann", ANSWER="PASSWORD", PASSWORD=PASSWORD) == USED


def test_srp_is_chosen_and_proven(people: People) -> None:
    people.add_known("ann")
    for way in ("at once", "when asked", "by choice"):
        srp = SrpClient(people.id, PASSWORD)
        if way == "at once":
            posed = people.choose("ann", "PASSWORD_SRP", SRP_A=srp.srp_a)
        elif way == "when asked":
            asked = people.choose("ann", "PASSWORD_SRP")
            assert asked["ChallengeName"] == "PASSWORD_SRP"
            posed = people.answer(asked, "ann", SRP_A=srp.srp_a)
        else:
            asked = people.choose("ann")
            posed = people.answer(asked, "ann", ANSWER="PASSWORD_SRP", SRP_A=srp.srp_a)
        assert posed["ChallengeName"] == "PASSWORD_VERIFIER"
        answered = people.idp.respond_to_auth_challenge(
            ClientId=people.client_id,
            ChallengeName="PASSWORD_VERIFIER",
            ChallengeResponses=srp.responses(posed["ChallengeParameters"]),
        )
        assert answered["AuthenticationResult"], way


@pytest.mark.parametrize(
    ("name", "destination"), [("EMAIL_OTP", "a***@e***"), ("SMS_OTP", "+*******0123")]
)
def test_a_code_alone_signs_in(people: People, post: Post, name: str, destination: str) -> None:
    people.add_known("ann")
    posed = people.choose("ann", name)
    assert posed["ChallengeName"] == name
    assert posed["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == destination
    code = post.code
    assert len(code) == 8
    given = f"{name}_CODE"
    assert refusal(people.answer, posed, "ann", **{given: wrong(code)}) == MISMATCH
    assert people.answer(posed, "ann", **{given: code})["AuthenticationResult"]
    assert refusal(people.answer, posed, "ann", **{given: code}) == USED
    posed = people.answer(people.choose("ann"), "ann", ANSWER=name)
    assert refusal(people.answer, posed, "ann", **{given: code}) == MISMATCH
    assert people.answer(posed, "ann", **{given: post.code})["AuthenticationResult"]


def test_a_code_alone_is_never_enough_for_who_has_a_second_factor(
    people: People, post: Post
) -> None:
    people.add_known("ann")
    posed = people.choose("ann", "EMAIL_OTP")
    code = post.code
    people.prefer("ann", EmailMfaSettings={"Enabled": True})
    again = people.answer(posed, "ann", EMAIL_OTP_CODE=code)
    assert again["ChallengeName"] == "EMAIL_OTP"  # chosen meanwhile, and asked for
    password = ["PASSWORD_SRP", "PASSWORD"]
    assert people.choose("ann", "EMAIL_OTP")["AvailableChallenges"] == password
    posed = people.choose("ann", "PASSWORD", PASSWORD=PASSWORD)
    assert posed["ChallengeName"] == "EMAIL_OTP"
    assert len(post.code) == 6
    assert people.answer(posed, "ann", EMAIL_OTP_CODE=post.code)["AuthenticationResult"]


def test_a_temporary_password_is_replaced_here_too(people: People) -> None:
    people.add("new", None)
    posed = people.choose("new", "PASSWORD", PASSWORD=FIRST)
    assert posed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert people.answer(posed, "new", NEW_PASSWORD=PASSWORD)["AuthenticationResult"]


def test_users_who_do_not_exist_are_answered_as_others_are(endpoint: Endpoint, post: Post) -> None:
    people = People(endpoint, first=ALL, **HIDES)
    people.add_known("ann")
    shown = people.choose("ann")["AvailableChallenges"]
    assert people.choose("nobody")["AvailableChallenges"] == shown
    before = len(post.sent)
    first, second = (people.choose("nobody", "EMAIL_OTP") for _ in range(2))
    assert len(post.sent) == before
    assert first["ChallengeParameters"] == second["ChallengeParameters"]
    named = people.choose("who@example.org", "EMAIL_OTP")["ChallengeParameters"]
    assert named["CODE_DELIVERY_DESTINATION"] == "w***@e***"
    told = [refusal(people.answer, first, "nobody", EMAIL_OTP_CODE="12345678") for _ in range(7)]
    real = people.choose("ann", "EMAIL_OTP")
    bad = wrong(post.code)
    assert [refusal(people.answer, real, "ann", EMAIL_OTP_CODE=bad) for _ in range(7)] == told
    assert told == [MISMATCH] * 6 + [USED]
    assert refusal(people.choose, "nobody", "PASSWORD", PASSWORD=PASSWORD) == WRONG
    posed = people.choose("nobody")
    assert refusal(people.answer, posed, "nobody", ANSWER="PASSWORD", PASSWORD=PASSWORD) == WRONG
    keys = {"CODE_DELIVERY_DELIVERY_MEDIUM", "CODE_DELIVERY_DESTINATION"}
    assert set(real["ChallengeParameters"]) == set(first["ChallengeParameters"]) == keys
    assert abs(len(real["Session"]) - len(first["Session"])) < 60


def test_the_count_of_unknown_names_is_that_of_known_ones(endpoint: Endpoint) -> None:
    people = People(endpoint, first=ALL, **HIDES)
    people.add_known("ann")
    for name in ("ann", "nobody"):
        for _ in range(20):
            people.choose(name, "EMAIL_OTP")
        told = refusal(people.choose, name, "EMAIL_OTP")
        assert told[0] == "TooManyRequestsException"


def test_clients_that_hide_nobody_say_who_is_not_there(people: People) -> None:
    told = ("UserNotFoundException", "User does not exist.")
    assert refusal(people.choose, "nobody") == told
    assert refusal(people.choose, "nobody", "EMAIL_OTP") == told


def test_only_clients_that_may_use_the_flow(endpoint: Endpoint) -> None:
    for flows in (["ALLOW_USER_PASSWORD_AUTH"], ["USER_PASSWORD_AUTH"], ["ADMIN_NO_SRP_AUTH"]):
        people = People(endpoint, ExplicitAuthFlows=flows)
        people.add("ann")
        assert refusal(people.choose, "ann", "PASSWORD", PASSWORD=PASSWORD) == (
            "InvalidParameterException",
            "USER_AUTH flow not enabled for this client",
        )


def test_a_session_answers_its_own_challenge_alone(people: People, post: Post) -> None:
    people.add_known("ann")
    posed = people.choose("ann", "EMAIL_OTP")
    for other in ("SMS_OTP", "SMS_MFA", "SELECT_CHALLENGE", "MFA_SETUP", "SOFTWARE_TOKEN_MFA"):
        posed = people.choose("ann", "EMAIL_OTP")
        told = refusal(
            people.answer,
            posed | {"ChallengeName": other},
            "ann",
            SMS_OTP_CODE=post.code,
            SMS_MFA_CODE=post.code,
            ANSWER="PASSWORD",
            SOFTWARE_TOKEN_MFA_CODE=post.code,
        )
        assert told == ("NotAuthorizedException", "Invalid session for the user."), other


def test_a_user_sees_which_factors_they_have(people: People) -> None:
    people.add_known("ann")
    token = people.token("ann")
    factors = people.idp.get_user_auth_factors(AccessToken=token)
    assert factors["Username"] == "ann"
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    people.set_up_token("ann", token)
    factors = people.idp.get_user_auth_factors(AccessToken=token)
    assert factors["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert factors["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
