"""Addresses that codes of a sign-in prove: set up on the way in, and verified by a second factor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

from mfa_directory import MISMATCH, PASSWORD, WRONG, People, Post, refusal, with_post


@pytest.fixture(scope="module")
def post() -> Post:
    return Post()


@pytest.fixture(scope="module")
def endpoint(post: Post) -> Iterator[Endpoint]:
    with pytest.MonkeyPatch.context() as patch:
        with_post(patch, post)
        with Endpoint() as endpoint:
            yield endpoint


def user_of(people: People, name: str) -> tuple[dict[str, str], list[str]]:
    found = people.idp.admin_get_user(UserPoolId=people.id, Username=name)
    attributes = {each["Name"]: each["Value"] for each in found["UserAttributes"]}
    return attributes, found.get("UserMFASettingList", [])


def test_a_mail_address_is_set_up_on_the_way_in(endpoint: Endpoint, post: Post) -> None:
    people = People(endpoint, "ON")
    people.add("ann")
    posed = people.begin("ann")
    assert posed["ChallengeName"] == "MFA_SETUP"
    offered = json.loads(posed["ChallengeParameters"]["MFAS_CAN_SETUP"])
    assert offered == ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    asked = people.answer(posed, "ann", EMAIL="ann@example.org")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    assert post.sent[-1].destination == "ann@example.org"
    assert "email" not in user_of(people, "ann")[0]  # not before it is proven
    wrong = f"{(int(post.code) + 1) % 10**6:06}"
    assert refusal(people.answer, asked, "ann", EMAIL_OTP_CODE=wrong) == MISMATCH
    assert people.answer(asked, "ann", EMAIL_OTP_CODE=post.code)["AuthenticationResult"]
    attributes, kinds = user_of(people, "ann")
    assert (attributes["email"], attributes["email_verified"]) == ("ann@example.org", "true")
    assert kinds == ["EMAIL_OTP"]
    assert people.begin("ann")["ChallengeName"] == "EMAIL_OTP"


def test_an_address_is_not_set_up_twice_nor_in_the_place_of_a_factor(
    endpoint: Endpoint, post: Post
) -> None:
    people = People(endpoint, "ON")
    people.add("ben")
    first, second = people.begin("ben"), people.begin("ben")
    third = people.begin("ben")
    thief = people.answer(first, "ben", EMAIL="thief@example.org")
    stolen = post.code
    owner = people.answer(second, "ben", EMAIL="ben@example.org")
    assert people.answer(owner, "ben", EMAIL_OTP_CODE=post.code)["AuthenticationResult"]
    assert refusal(people.answer, thief, "ben", EMAIL_OTP_CODE=stolen) == WRONG
    assert refusal(people.answer, third, "ben", EMAIL="late@example.org") == WRONG
    assert user_of(people, "ben")[0]["email"] == "ben@example.org"


@pytest.mark.parametrize("address", ["ben", "a@b\nc", "a b@example.org", "x" * 2_049])
def test_what_is_no_address_is_refused_and_may_be_tried_again(
    endpoint: Endpoint, post: Post, address: str
) -> None:
    people = People(endpoint, "ON")
    people.add("cat")
    posed = people.begin("cat")
    sent = len(post.sent)
    assert refusal(people.answer, posed, "cat", EMAIL=address)[0] == "InvalidParameterException"
    assert len(post.sent) == sent
    assert people.answer(posed, "cat", EMAIL="cat@example.org")["ChallengeName"] == "EMAIL_OTP"


def test_a_pool_without_codes_by_mail_sets_up_none(endpoint: Endpoint) -> None:
    people = People(endpoint, "ON", "totp sms")
    people.add("dan")
    told = refusal(people.answer, people.begin("dan"), "dan", EMAIL="dan@example.org")
    assert told == ("InvalidParameterException", "EMAIL_OTP is not enabled for the user pool.")


def test_a_client_that_may_not_write_mail_addresses_sets_up_none(endpoint: Endpoint) -> None:
    people = People(endpoint, "ON", WriteAttributes=["name"])
    people.add("eve")
    told = refusal(people.answer, people.begin("eve"), "eve", EMAIL="eve@example.org")
    assert told[0] == "NotAuthorizedException"


def test_a_code_cannot_be_given_for_a_setup_that_never_was(endpoint: Endpoint) -> None:
    people = People(endpoint, "ON")
    people.add("fay")
    assert refusal(people.answer, people.begin("fay"), "fay")[0] == "InvalidParameterException"
    posed: Any = {**people.begin("fay"), "ChallengeName": "EMAIL_OTP"}
    told = refusal(people.answer, posed, "fay", EMAIL_OTP_CODE="000000")
    assert told == ("NotAuthorizedException", "Invalid session for the user.")


@pytest.mark.parametrize(
    ("attribute", "value", "response"),
    [
        ("phone_number", "+15550001111", "SMS_MFA_CODE"),
        ("email", "gus@example.org", "EMAIL_OTP_CODE"),
    ],
)
def test_a_right_code_verifies_the_address_that_it_went_to(
    endpoint: Endpoint, post: Post, attribute: str, value: str, response: str
) -> None:
    people = People(endpoint, "ON", "totp sms email")
    people.add("gus", PASSWORD, **{attribute: value})
    posed = people.begin("gus")
    wrong = f"{(int(post.code) + 1) % 10**6:06}"
    assert refusal(people.answer, posed, "gus", **{response: wrong}) == MISMATCH
    assert user_of(people, "gus")[0].get(f"{attribute}_verified", "false") == "false"
    assert people.answer(posed, "gus", **{response: post.code})["AuthenticationResult"]
    assert user_of(people, "gus")[0][f"{attribute}_verified"] == "true"


def test_an_address_that_leads_another_user_in_stays_theirs(endpoint: Endpoint, post: Post) -> None:
    people = People(endpoint, "OPTIONAL")
    people.id = people.idp.create_user_pool(PoolName="q", AliasAttributes=["email"])["UserPool"][
        "Id"
    ]
    mail = {"EmailMfaConfiguration": {"Message": "Use {####}", "Subject": "Now"}}
    people.offer("ON", **mail)
    made = people.idp.create_user_pool_client(
        UserPoolId=people.id, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    people.client_id = made["UserPoolClient"]["ClientId"]
    people.add("hal", PASSWORD, email="h@example.org", email_verified="true")
    people.add("ian", PASSWORD, email="h@example.org")
    posed = people.begin("ian")
    assert people.answer(posed, "ian", EMAIL_OTP_CODE=post.code)["AuthenticationResult"]
    assert user_of(people, "ian")[0].get("email_verified", "false") == "false"
    assert people.begin("h@example.org")["ChallengeName"] == "EMAIL_OTP"
    assert post.sent[-1].user_name == "hal"
