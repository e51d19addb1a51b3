from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from e2e.control.installation import Running
from e2e.userpools.directory import FIRST, FLOWS, PASSWORD, Directory, refusal
from srp_client import SrpClient
from totp_client import totp, wrong

USED = ("NotAuthorizedException", "Invalid session for the user, session can only be used once.")
NAME, CODE = "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE"
STEP_S = 30


def directory_with(bargate: Running, mfa: str, **client: Any) -> Directory:
    directory = Directory.of(bargate, {"ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_AUTH"], **client})
    directory.admin.set_user_pool_mfa_config(
        UserPoolId=directory.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration=mfa,
    )
    return directory


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    return directory_with(bargate, "OPTIONAL")


def set_up(people: Directory, name: str) -> tuple[str, str]:
    """Give a user a software token; gives its secret, and the code that is used up by that."""
    token = people.sign_in(name)["AccessToken"]
    secret = people.public.associate_software_token(AccessToken=token)["SecretCode"]
    code = totp(secret)
    people.public.verify_software_token(AccessToken=token, UserCode=code)
    people.public.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    return secret, code


def next_code(secret: str) -> str:
    """Give the code of the next time step, which is taken already."""
    return totp(secret, time.time() + STEP_S)


def test_a_password_and_an_authenticator_sign_in(people: Directory) -> None:
    people.add("ann")
    secret, first = set_up(people, "ann")
    posed = people.begin("ann")
    assert posed["ChallengeName"] == NAME
    assert "AuthenticationResult" not in posed
    session = posed["Session"]
    assert refusal(people.answer, NAME, session, USERNAME="ann", **{CODE: first})[0] in (
        "ExpiredCodeException",
        "CodeMismatchException",
    )
    code = next_code(secret)
    bad = refusal(people.answer, NAME, session, USERNAME="ann", **{CODE: wrong(code)})
    assert bad == ("CodeMismatchException", "Invalid code received for user")
    done = people.answer(NAME, session, USERNAME="ann", **{CODE: code})["AuthenticationResult"]
    user = people.user_of(done["AccessToken"])
    assert user["PreferredMfaSetting"] == NAME
    assert refusal(people.answer, NAME, session, USERNAME="ann", **{CODE: code}) == USED
    assert people.refresh(done["RefreshToken"])["AccessToken"]


def test_srp_is_followed_by_the_authenticator(people: Directory) -> None:
    people.add("sue")
    secret, _ = set_up(people, "sue")
    srp = SrpClient(people.id, PASSWORD)
    posed = people.answer("PASSWORD_VERIFIER", **srp.responses(people.begin_srp("sue", srp)))
    assert posed["ChallengeName"] == NAME
    done = people.answer(NAME, posed["Session"], USERNAME="sue", **{CODE: next_code(secret)})
    assert done["AuthenticationResult"]


def test_one_code_in_many_sessions_at_once_signs_in_once(people: Directory) -> None:
    people.add("racer")
    secret, _ = set_up(people, "racer")
    sessions = [people.begin("racer")["Session"] for _ in range(6)]
    code, ended = next_code(secret), []

    def answer(session: str) -> None:
        try:
            people.answer(NAME, session, USERNAME="racer", **{CODE: code})
            ended.append("in")
        except people.public.exceptions.ClientError as error:
            ended.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=answer, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [*["ExpiredCodeException"] * 5, "in"]


def test_guesses_in_parallel_are_counted(people: Directory) -> None:
    people.add("guessed")
    secret, _ = set_up(people, "guessed")
    sessions = [people.begin("guessed")["Session"] for _ in range(6)]
    bad, told = wrong(next_code(secret)), []

    def guess(session: str) -> None:
        for _ in range(6):
            answer = people.answer
            told.append(refusal(answer, NAME, session, USERNAME="guessed", **{CODE: bad})[0])

    threads = [threading.Thread(target=guess, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 36
    assert told.count("CodeMismatchException") == 15
    assert set(told) == {"CodeMismatchException", "TooManyRequestsException"}


def test_where_mfa_is_on_a_token_is_set_up_on_the_way_in(bargate: Running) -> None:
    people = directory_with(bargate, "ON")
    people.add("new", None)
    posed = people.begin("new", FIRST)
    posed = people.answer(
        "NEW_PASSWORD_REQUIRED", posed["Session"], USERNAME="new", NEW_PASSWORD=PASSWORD
    )
    assert posed["ChallengeName"] == "MFA_SETUP"
    given = people.public.associate_software_token(Session=posed["Session"])
    secret = given["SecretCode"]
    verified = people.public.verify_software_token(Session=given["Session"], UserCode=totp(secret))
    done = people.answer("MFA_SETUP", verified["Session"], USERNAME="new")
    assert done["AuthenticationResult"]["RefreshToken"]
    posed = people.begin("new")
    assert posed["ChallengeName"] == NAME
    done = people.answer(NAME, posed["Session"], USERNAME="new", **{CODE: next_code(secret)})
    assert done["AuthenticationResult"]


def test_a_session_of_one_client_answers_for_no_other(bargate: Running, people: Directory) -> None:
    people.add("two")
    secret, _ = set_up(people, "two")
    other = people.admin.create_user_pool_client(
        UserPoolId=people.id, ClientName="other", ExplicitAuthFlows=FLOWS
    )["UserPoolClient"]["ClientId"]
    foreign = Directory(people.admin, people.public, people.id, other)
    session = people.begin("two")["Session"]
    told = refusal(foreign.answer, NAME, session, USERNAME="two", **{CODE: next_code(secret)})
    assert told == ("NotAuthorizedException", "Invalid session for the user.")


def test_users_choose_password_or_srp(people: Directory) -> None:
    people.add("chooser")

    def choose(**parameters: str) -> Any:
        return people.public.initiate_auth(
            ClientId=people.client_id,
            AuthFlow="USER_AUTH",
            AuthParameters={"USERNAME": "chooser", **parameters},
        )

    posed = choose()
    assert (posed["ChallengeName"], posed["AvailableChallenges"]) == (
        "SELECT_CHALLENGE",
        ["PASSWORD_SRP", "PASSWORD"],
    )
    done = people.answer(
        "SELECT_CHALLENGE",
        posed["Session"],
        USERNAME="chooser",
        ANSWER="PASSWORD",
        PASSWORD=PASSWORD,
    )
    assert done["AuthenticationResult"]
    srp = SrpClient(people.id, PASSWORD)
    posed = choose(PREFERRED_CHALLENGE="PASSWORD_SRP", SRP_A=srp.srp_a)
    done = people.answer("PASSWORD_VERIFIER", **srp.responses(posed["ChallengeParameters"]))
    assert done["AuthenticationResult"]


def test_a_temporary_password_sends_no_second_factor_elsewhere(bargate: Running) -> None:
    people = Directory.of(bargate)
    people.add("kept", None, email="kept@example.org", phone_number="+12065550100")
    session = people.begin("kept", FIRST)["Session"]
    given = {"USERNAME": "kept", "NEW_PASSWORD": PASSWORD}
    for name, value in (("phone_number", "+12065550199"), ("email", "thief@example.org")):
        changed = given | {f"userAttributes.{name}": value}
        told = refusal(people.answer, "NEW_PASSWORD_REQUIRED", session, **changed)
        assert told == ("NotAuthorizedException", f"Cannot modify an already provided {name}")
        session = people.begin("kept", FIRST)["Session"]
    same = given | {"userAttributes.email": "kept@example.org"}
    assert people.answer("NEW_PASSWORD_REQUIRED", session, **same)["AuthenticationResult"]


def test_names_that_look_like_anothers_lead_to_nobody_else(bargate: Running) -> None:
    people = Directory.of(bargate, AliasAttributes=["preferred_username", "email"])
    sub = people.add("victim", email="victim@example.org", email_verified="true")
    people.add(sub, preferred_username="victim@example.org")
    for name in (sub, "victim@example.org"):
        found = people.admin.admin_get_user(UserPoolId=people.id, Username=name)
        assert found["Username"] == "victim"
    tokens = people.sign_in("victim@example.org")
    assert people.user_of(tokens["AccessToken"])["Username"] == "victim"
