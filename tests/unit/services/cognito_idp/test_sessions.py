"""Sessions that a pool tracks: listed, ended one by one, and never too many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.endpoint import Endpoint

from bargate.records.pool_refresh_token import REFRESH_FAMILY
from bargate.userpool.user_sessions import family_id, session_id
from e2e.userpools.directory import refusal
from mfa_directory import People

OFF = ("OperationNotEnabledException", "Session tracking is not enabled for the user pool.")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    people = People(endpoint, "OFF", "")
    track(people, 3)
    people.add("ann")
    return people


def track(people: People, most: int, tracking: str = "ENABLED") -> None:
    people.idp.set_user_pool_session_configuration(
        UserPoolId=people.id, UserSessionTracking=tracking, TokenSession={"MaxPerUser": most}
    )


def sign_in(people: People, name: str = "ann") -> Any:
    people.endpoint.skew_s += 1
    return people.begin(name)["AuthenticationResult"]


def sessions(people: People, token: str) -> dict[str, Any]:
    found = people.idp.list_user_sessions(AccessToken=token)["Sessions"]
    return {each["SessionId"]: each for each in found}


def own(people: People, token: str) -> str:
    found = sessions(people, token).items()
    (mine,) = [name for name, each in found if each["IsCurrentSession"]]
    return mine


@given(st.uuids())
def test_ids_of_sessions_lead_back(family: UUID) -> None:
    text = session_id(str(family))
    assert len(text) == 28
    assert text.startswith("tkn")
    assert family_id(text) == str(family)


def test_what_is_no_session_is_found_nowhere() -> None:
    assert family_id("tkn" + "z" * 25) is None
    assert family_id("sso" + session_id(str(uuid4()))[3:]) is None


def test_sessions_are_listed_with_their_last_use(people: People) -> None:
    first, second = sign_in(people), sign_in(people)
    found = sessions(people, second["AccessToken"])
    assert [each["IsCurrentSession"] for each in found.values()].count(True) == 1
    mine = found[own(people, first["AccessToken"])]
    assert mine["LastActiveDate"] == mine["CreateDate"]
    assert (mine["SessionType"], mine["ClientId"]) == ("TOKEN", people.client_id)
    assert mine["LastIPAddress"] == "127.0.0.1"
    people.endpoint.skew_s += 60
    people._initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=first["RefreshToken"])
    used = sessions(people, second["AccessToken"])[mine["SessionId"]]
    assert used["LastActiveDate"] > used["CreateDate"]
    told = people.idp.admin_list_user_sessions(UserPoolId=people.id, Username="ann")["Sessions"]
    assert {each["SessionId"] for each in told} == set(found)
    assert not any(each["IsCurrentSession"] for each in told)


def test_a_session_too_many_ends_the_one_that_was_used_longest_ago(people: People) -> None:
    oldest, used, third = sign_in(people), sign_in(people), sign_in(people)
    people.endpoint.skew_s += 1
    people._initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=oldest["RefreshToken"])
    fourth = sign_in(people)
    assert len(sessions(people, fourth["AccessToken"])) == 3
    told = refusal(people.idp.get_user, AccessToken=used["AccessToken"])
    assert told == ("NotAuthorizedException", "Access Token has been revoked")
    for kept in (oldest, third):
        assert people.idp.get_user(AccessToken=kept["AccessToken"])
    track(people, 1)  # ends nothing by itself, but the next sign-in does
    assert len(sessions(people, fourth["AccessToken"])) == 3
    assert len(sessions(people, sign_in(people)["AccessToken"])) == 1


def test_what_ended_long_ago_takes_no_room(people: People) -> None:
    track(people, 1)
    for _ in range(3):
        tokens = sign_in(people)
    assert families(people) == 3
    people.endpoint.skew_s += 86_401
    tokens = sign_in(people)
    assert families(people) == 2  # it, and the one whose place it took
    assert len(sessions(people, tokens["AccessToken"])) == 1


def families(people: People) -> int:
    return people.endpoint.store.read(lambda tx: tx.count(REFRESH_FAMILY, (people.id,)))


def test_users_end_their_other_sessions_and_nobody_elses(people: People) -> None:
    people.add("ben")
    mine, other = sign_in(people), sign_in(people)
    theirs = own(people, sign_in(people, "ben")["AccessToken"])
    token = {"AccessToken": mine["AccessToken"]}
    revoke = people.idp.revoke_user_session
    current = refusal(revoke, **token, SessionId=own(people, mine["AccessToken"]))
    assert current[0] == "InvalidParameterException"
    for session in (theirs, session_id(str(uuid4())), "sso" + "0" * 25):
        assert refusal(revoke, **token, SessionId=session)[0] == "ResourceNotFoundException"
    gone = own(people, other["AccessToken"])
    revoke(**token, SessionId=gone, RevokeAssociatedSessions="LINKED")
    assert gone not in sessions(people, mine["AccessToken"])
    assert refusal(people.idp.get_user, AccessToken=other["AccessToken"])[0] == (
        "NotAuthorizedException"
    )
    told = refusal(people._initiate, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=other["RefreshToken"])
    assert told == ("NotAuthorizedException", "Refresh Token has been revoked")
    again = refusal(revoke, **token, SessionId=gone)
    assert again[0] == "ResourceNotFoundException"


def test_administrators_end_any_session_of_the_user_whom_they_name(people: People) -> None:
    people.add("ben")
    tokens = sign_in(people)
    session = own(people, tokens["AccessToken"])
    revoke = people.idp.admin_revoke_user_session
    wrong = refusal(revoke, UserPoolId=people.id, Username="ben", SessionId=session)
    assert wrong[0] == "ResourceNotFoundException"
    revoke(UserPoolId=people.id, Username="ann", SessionId=session)
    assert refusal(people.idp.get_user, AccessToken=tokens["AccessToken"])[0] == (
        "NotAuthorizedException"
    )


def test_without_tracking_nothing_is_listed_or_ended(people: People) -> None:
    track(people, 3, "DISABLED")
    tokens = [sign_in(people) for _ in range(4)]
    for each in tokens:
        assert people.idp.get_user(AccessToken=each["AccessToken"])
    token = {"AccessToken": tokens[0]["AccessToken"]}
    user = {"UserPoolId": people.id, "Username": "ann"}
    session = {"SessionId": session_id(str(uuid4()))}
    assert refusal(people.idp.list_user_sessions, **token) == OFF
    assert refusal(people.idp.revoke_user_session, **token, **session) == OFF
    assert refusal(people.idp.admin_list_user_sessions, **user) == OFF
    assert refusal(people.idp.admin_revoke_user_session, **user, **session) == OFF


def test_clients_have_a_time_of_their_own_for_sso(people: People) -> None:
    client = {"UserPoolId": people.id, "ClientId": people.client_id}
    get = people.idp.get_user_pool_client_session_configuration
    put = people.idp.set_user_pool_client_session_configuration
    assert get(**client)["SSOSession"] == {"MaxValidityMinutes": 60}
    put(**client, SSOSession={"MaxValidityMinutes": 0})
    assert get(**client)["SSOSession"] == {"MaxValidityMinutes": 0}
    track(people, 3, "DISABLED")
    assert refusal(put, **client, SSOSession={"MaxValidityMinutes": 1}) == OFF
    assert get(**client)["SSOSession"] == {"MaxValidityMinutes": 0}


def test_a_pool_begins_without_tracking_and_a_small_plan_has_none(people: People) -> None:
    pool = people.idp.create_user_pool(PoolName="p", UserPoolTier="LITE")["UserPool"]["Id"]
    found = people.idp.get_user_pool_session_configuration(UserPoolId=pool)
    assert found["UserSessionTracking"] == "DISABLED"
    assert found["TokenSession"] == {"MaxPerUser": 20}
    told = refusal(
        people.idp.set_user_pool_session_configuration,
        UserPoolId=pool,
        UserSessionTracking="ENABLED",
        TokenSession={"MaxPerUser": 20},
    )
    assert told[0] == "FeatureUnavailableInTierException"
    people.idp.update_user_pool(UserPoolId=people.id)  # says nothing of sessions
    kept = people.idp.get_user_pool_session_configuration(UserPoolId=people.id)
    assert (kept["UserSessionTracking"], kept["TokenSession"]) == ("ENABLED", {"MaxPerUser": 3})
