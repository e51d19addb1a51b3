from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from e2e.control.installation import Running
from e2e.userpools.directory import (
    FIRST,
    FLOWS,
    PASSWORD,
    Directory,
    claims_of,
    header_of,
    refusal,
)
from srp_client import SrpClient

WRONG = ("NotAuthorizedException", "Incorrect username or password.")


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    directory = Directory.of(bargate)
    directory.add("ann", email="ann@example.org", email_verified="true", name="Ann")
    return directory


@pytest.fixture(scope="module")
def hidden(bargate: Running) -> Directory:
    directory = Directory.of(bargate, {"PreventUserExistenceErrors": "ENABLED"})
    directory.add("ann")
    return directory


def fetched(url: str) -> Any:
    with urlopen(url, timeout=10) as answer:
        return json.loads(answer.read())


def test_a_password_gives_tokens_with_aws_claims(bargate: Running, people: Directory) -> None:
    result = people.sign_in("ann")
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
    identity, access = claims_of(result["IdToken"]), claims_of(result["AccessToken"])
    issuer = f"{bargate.endpoint}/{people.id}"
    both = {"sub", "iss", "token_use", "auth_time", "iat", "exp", "jti", "origin_jti", "event_id"}
    assert set(identity) == both | {"aud", "cognito:username", "email", "email_verified", "name"}
    assert set(access) == both | {"client_id", "scope", "username"}
    assert identity["iss"] == access["iss"] == issuer
    assert (identity["aud"], access["client_id"]) == (people.client_id,) * 2
    assert (identity["token_use"], access["token_use"]) == ("id", "access")
    assert identity["email_verified"] is True
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert access["exp"] - access["iat"] == 3600
    assert identity["origin_jti"] == access["origin_jti"]
    assert identity["jti"] != access["jti"]


def test_tokens_verify_by_the_published_keys(bargate: Running, people: Directory) -> None:
    result = people.sign_in("ann")
    found = fetched(f"{bargate.endpoint}/{people.id}/.well-known/openid-configuration")
    assert found["issuer"] == f"{bargate.endpoint}/{people.id}"
    published = fetched(found["jwks_uri"])
    assert [set(key) for key in published["keys"]] == [{"alg", "e", "kid", "kty", "n", "use"}] * 2
    keys = KeySet.import_key_set(published)
    kids = {header_of(result[name])["kid"] for name in ("IdToken", "AccessToken")}
    assert kids == {key["kid"] for key in published["keys"]}
    assert len(kids) == 2
    for name in ("IdToken", "AccessToken"):
        assert jwt.decode(result[name], keys, algorithms=["RS256"]).claims


def test_srp_signs_in_without_the_password(people: Directory) -> None:
    result = people.sign_in_srp("ann")
    assert people.user_of(result["AccessToken"])["Username"] == "ann"


def test_an_srp_proof_is_really_checked(people: Directory) -> None:
    assert refusal(people.sign_in_srp, "ann", "Wrong-password-1") == WRONG
    srp = SrpClient(people.id, PASSWORD)
    responses = srp.responses(people.begin_srp("ann", srp))
    for changed in (
        {"PASSWORD_CLAIM_SIGNATURE": "A" * 43 + "="},
        {"TIMESTAMP": "Tue Apr 7 09:05:03 UTC 2026"},
    ):
        parameters = people.begin_srp("ann", srp)
        given = srp.responses(parameters) | changed
        assert refusal(people.answer, "PASSWORD_VERIFIER", **given) == WRONG
    for a in ("0", f"{srp.n:x}", f"{2 * srp.n:x}", "xyz"):
        code, _ = refusal(
            people.public.initiate_auth,
            ClientId=people.client_id,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": "ann", "SRP_A": a},
        )
        assert code == "InvalidParameterException"
    people.answer("PASSWORD_VERIFIER", **responses)
    used = refusal(people.answer, "PASSWORD_VERIFIER", **responses)
    assert used == (
        "NotAuthorizedException",
        "Invalid session for the user, session can only be used once.",
    )


def test_a_block_of_one_user_is_good_for_no_other(people: Directory) -> None:
    people.add("eve")
    srp = SrpClient(people.id, PASSWORD)
    responses = srp.responses(people.begin_srp("eve", srp)) | {"USERNAME": "ann"}
    code, message = refusal(people.answer, "PASSWORD_VERIFIER", **responses)
    assert (code, message) == ("NotAuthorizedException", "Invalid session for the user.")


def test_a_password_changed_in_between_ends_the_proof(people: Directory) -> None:
    people.add("changer")
    srp = SrpClient(people.id, PASSWORD)
    responses = srp.responses(people.begin_srp("changer", srp))
    people.admin.admin_set_user_password(
        UserPoolId=people.id, Username="changer", Password="Another-one-2", Permanent=True
    )
    assert refusal(people.answer, "PASSWORD_VERIFIER", **responses) == WRONG
    assert people.sign_in_srp("changer", "Another-one-2")


def test_a_temporary_password_must_be_replaced(people: Directory) -> None:
    people.add("new", None, email="new@example.org")
    posed = people.begin("new", FIRST)
    assert posed["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    assert posed["ChallengeParameters"]["requiredAttributes"] == "[]"
    assert json.loads(posed["ChallengeParameters"]["userAttributes"])["email"] == "new@example.org"
    session, name = posed["Session"], "NEW_PASSWORD_REQUIRED"
    weak = refusal(people.answer, name, session, USERNAME="new", NEW_PASSWORD="weak")
    assert weak[0] == "InvalidPasswordException"
    sneaky = {"USERNAME": "new", "NEW_PASSWORD": PASSWORD, "userAttributes.email_verified": "true"}
    assert refusal(people.answer, name, session, **sneaky)[0] == "NotAuthorizedException"
    posed = people.begin("new", FIRST)
    other = refusal(people.answer, name, posed["Session"], USERNAME="ann", NEW_PASSWORD=PASSWORD)
    assert other == ("NotAuthorizedException", "Invalid session for the user.")
    posed = people.begin("new", FIRST)
    done = people.answer(name, posed["Session"], USERNAME="new", NEW_PASSWORD=PASSWORD)
    assert done["AuthenticationResult"]["RefreshToken"]
    used = refusal(people.answer, name, posed["Session"], USERNAME="new", NEW_PASSWORD=PASSWORD)
    assert used[1] == "Invalid session for the user, session can only be used once."
    assert refusal(people.begin, "new", FIRST) == WRONG
    assert people.sign_in("new")


def test_two_answers_at_once_are_one(people: Directory) -> None:
    people.add("racer", None)
    posed = people.begin("racer", FIRST)
    ended: list[str] = []

    def answer(number: int) -> None:
        try:
            people.answer(
                "NEW_PASSWORD_REQUIRED",
                posed["Session"],
                USERNAME="racer",
                NEW_PASSWORD=f"Right-password-{number}",
            )
            ended.append("in")
        except people.public.exceptions.NotAuthorizedException:
            ended.append("out")

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["in", *["out"] * 5]


def test_flows_that_a_client_may_not_use_are_refused(people: Directory, bargate: Running) -> None:
    closed = Directory.of(bargate, {"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]})
    closed.add("ann")
    assert refusal(closed.begin, "ann") == (
        "InvalidParameterException",
        "USER_PASSWORD_AUTH flow not enabled for this client",
    )
    code, _ = refusal(
        people.public.initiate_auth,
        ClientId=people.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
    )
    assert code == "InvalidParameterException"


def test_legacy_clients_tell_who_is_a_user_and_others_do_not(
    people: Directory, hidden: Directory
) -> None:
    assert refusal(people.begin, "nobody") == ("UserNotFoundException", "User does not exist.")
    assert refusal(hidden.begin, "nobody") == WRONG
    assert refusal(hidden.begin, "ann", "Wrong-password-1") == WRONG
    first, again = (hidden.begin_srp("nobody", SrpClient(hidden.id, PASSWORD)) for _ in range(2))
    real = hidden.begin_srp("ann", SrpClient(hidden.id, PASSWORD))
    assert first["SALT"] == again["SALT"] != real["SALT"]
    assert first["SRP_B"] != again["SRP_B"]
    assert len(first["SALT"]) == len(real["SALT"])
    assert first["USER_ID_FOR_SRP"] == "nobody"
    assert refusal(hidden.sign_in_srp, "nobody") == WRONG


LOCKED = ("NotAuthorizedException", "Password attempts exceeded")
GUESSES = 12


def guess_at_once(directory: Directory, name: str, wanted: int) -> None:
    """Guess until so many guesses were looked at: those that come together are, before one counts."""
    looked_at = 0
    with ThreadPoolExecutor(GUESSES) as threads:
        while looked_at < wanted:
            guesses = [
                threads.submit(refusal, directory.begin, name, "Wrong-1") for _ in range(GUESSES)
            ]
            told = [each.result() for each in guesses]
            assert set(told) <= {WRONG, LOCKED}
            looked_at += told.count(WRONG)


def test_guessing_locks_a_name_whether_it_exists_or_not(hidden: Directory) -> None:
    hidden.add("guessed")
    for name in ("guessed", "not-there"):
        told = [refusal(hidden.begin, name, "Wrong-password-1") for _ in range(5)]
        assert told == [WRONG] * 5
        guess_at_once(hidden, name, 4)  # with the five before that locks it for 16 seconds
        assert refusal(hidden.begin, name, "Wrong-password-1") == LOCKED
        assert refusal(hidden.begin, name) == LOCKED


def test_a_disabled_user_is_out_at_once(people: Directory) -> None:
    people.add("leaver")
    result = people.sign_in("leaver")
    people.admin.admin_disable_user(UserPoolId=people.id, Username="leaver")
    assert refusal(people.user_of, result["AccessToken"])[0] == "NotAuthorizedException"
    assert refusal(people.refresh, result["RefreshToken"])[0] == "NotAuthorizedException"
    assert refusal(people.begin, "leaver") == ("NotAuthorizedException", "User is disabled.")
    assert refusal(people.begin, "leaver", "Wrong-password-1") == WRONG
    people.admin.admin_enable_user(UserPoolId=people.id, Username="leaver")
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert refusal(people.user_of, result["AccessToken"]) == revoked
    assert people.user_of(people.sign_in("leaver")["AccessToken"])


def test_a_deleted_user_and_client_end_what_they_had(bargate: Running) -> None:
    directory = Directory.of(bargate)
    directory.add("ann")
    result = directory.sign_in("ann")
    directory.admin.admin_delete_user(UserPoolId=directory.id, Username="ann")
    assert refusal(directory.user_of, result["AccessToken"])[0] == "NotAuthorizedException"
    assert refusal(directory.refresh, result["RefreshToken"]) == (
        "NotAuthorizedException",
        "Invalid Refresh Token",
    )


def test_a_refresh_keeps_the_time_of_the_sign_in(people: Directory) -> None:
    result = people.sign_in("ann")
    again = people.refresh(result["RefreshToken"])
    assert "RefreshToken" not in again
    first, second = claims_of(result["AccessToken"]), claims_of(again["AccessToken"])
    same = ("sub", "auth_time", "origin_jti", "client_id")
    assert {name: first[name] for name in same} == {name: second[name] for name in same}
    assert first["jti"] != second["jti"]


def test_a_refresh_token_is_good_for_its_client_alone(people: Directory) -> None:
    result = people.sign_in("ann")
    other = people.admin.create_user_pool_client(
        UserPoolId=people.id, ClientName="other", ExplicitAuthFlows=FLOWS
    )["UserPoolClient"]["ClientId"]
    foreign = Directory(people.admin, people.public, people.id, other)
    expected = ("NotAuthorizedException", "Invalid Refresh Token")
    assert refusal(foreign.refresh, result["RefreshToken"]) == expected
    assert refusal(people.refresh, result["AccessToken"]) == expected


def test_tokens_that_are_no_access_tokens_of_ours_are_refused(
    people: Directory, hidden: Directory
) -> None:
    result = people.sign_in("ann")
    head, body, signature = result["AccessToken"].split(".")
    other = hidden.sign_in("ann")["AccessToken"].split(".")
    for token in (
        result["IdToken"],
        result["RefreshToken"],
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{other[0]}.{body}.{other[2]}",
        f"{head}.{other[1]}.{signature}",
        "a.b.c",
        "x",
    ):
        expected = ("NotAuthorizedException", "Invalid Access Token")
        assert refusal(people.user_of, token) == expected, token


def test_rotated_tokens_are_good_once_and_reuse_ends_the_family(bargate: Running) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    directory = Directory.of(
        bargate, {"RefreshTokenRotation": rotation, "ExplicitAuthFlows": flows}
    )
    directory.add("ann")
    first = directory.sign_in("ann")["RefreshToken"]

    def renew(token: str) -> Any:
        found = directory.public.get_tokens_from_refresh_token(
            ClientId=directory.client_id, RefreshToken=token
        )
        return found["AuthenticationResult"]

    second = renew(first)["RefreshToken"]
    assert second != first
    third = renew(second)
    assert refusal(renew, second)[0] == "RefreshTokenReuseException"
    assert refusal(renew, third["RefreshToken"])[1] == "Refresh Token has been revoked"
    revoked = ("NotAuthorizedException", "Access Token has been revoked")
    assert refusal(directory.user_of, third["AccessToken"]) == revoked


def test_a_pool_with_mfa_on_lets_nobody_in_without_a_factor(bargate: Running) -> None:
    directory = Directory.of(bargate)
    directory.add("ann")
    directory.admin.set_user_pool_mfa_config(
        UserPoolId=directory.id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="ON",
    )
    assert "AuthenticationResult" not in _answered(directory)


def _answered(directory: Directory) -> Any:
    try:
        return directory.begin("ann")
    except directory.public.exceptions.ClientError as error:
        return error.response


def test_a_pool_whose_trigger_cannot_run_lets_nobody_in(bargate: Running) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:gate"
    directory = Directory.of(bargate, LambdaConfig={"PreAuthentication": arn})
    directory.add("ann")
    assert refusal(directory.begin, "ann")[0] == "UnexpectedLambdaException"
