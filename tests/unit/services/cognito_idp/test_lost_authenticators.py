"""Authenticators that users lost, which administrators take away, through boto3 without a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.endpoint import Endpoint

from e2e.userpools.directory import refusal
from mfa_directory import People


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def people(endpoint: Endpoint) -> People:
    people = People(endpoint, kinds="totp")
    people.add("ann")
    return people


def test_who_lost_an_authenticator_signs_in_without_and_sets_up_another(people: People) -> None:
    user = {"UserPoolId": people.id, "Username": "ann"}
    secret = people.set_up_token("ann")
    posed = people.begin("ann")
    assert posed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    factors = people.idp.admin_get_user_auth_factors(**user)
    assert factors["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    assert factors["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert factors["ConfiguredUserAuthFactors"] == ["PASSWORD"]
    people.idp.admin_delete_software_token(**user)
    factors = people.idp.admin_get_user_auth_factors(**user)
    assert not factors.keys() & {"UserMFASettingList", "PreferredMfaSetting"}
    people.endpoint.skew_s += 60
    code = people.shown(secret)
    stale = refusal(people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)
    assert stale[0] in ("SoftwareTokenMFANotFoundException", "NotAuthorizedException")
    assert people.begin("ann")["AuthenticationResult"]
    people.offer("ON")
    assert people.begin("ann")["ChallengeName"] == "MFA_SETUP"


def test_what_is_not_there_cannot_be_taken_away(people: People) -> None:
    people.add("ben")
    take = people.idp.admin_delete_software_token
    told = refusal(take, UserPoolId=people.id, Username="ben")
    assert told == ("InvalidParameterException", "User does not have a software token.")
    nobody = {"UserPoolId": people.id, "Username": "nobody"}
    for call in (take, people.idp.admin_get_user_auth_factors):
        assert refusal(call, **nobody)[0] == "UserNotFoundException"
