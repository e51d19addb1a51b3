"""Second factors through boto3 without a socket: set up, chosen, asked for, guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from tests.endpoint import Endpoint

from mfa_directory import (
    FIRST,
    MISMATCH,
    PASSWORD,
    USED,
    People,
    Post,
    refusal,
    with_post,
)
from totp_client import totp, wrong


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
    return People(endpoint)


def test_a_software_token_is_asked_for_once_it_is_chosen(people: People) -> None:
    people.add("ann")
    token = people.token("ann")
    secret = people.idp.associate_software_token(AccessToken=token)["SecretCode"]
    assert people.begin("ann")["AuthenticationResult"]  # not before it is verified and chosen
    code = people.shown(secret)
    told = refusal(people.idp.verify_software_token, AccessToken=token, UserCode=wrong(code))
    assert told == ("EnableSoftwareTokenMFAException", "Code mismatch")
    verified = people.idp.verify_software_token(
        AccessToken=token, UserCode=code, FriendlyDeviceName="phone"
    )
    assert verified["Status"] == "SUCCESS"
    people.idp.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    user = people.idp.get_user(AccessToken=token)
    assert user["PreferredMfaSetting"] == "SOFTWARE_TOKEN_MFA"
    assert user["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    posed = people.begin("ann")
    assert posed["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    shown = {"FRIENDLY_DEVICE_NAME": "phone", "USER_ID_FOR_SRP": "ann"}
    assert posed["ChallengeParameters"] == shown
    used = refusal(people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)
    assert used == ("ExpiredCodeException", "Your software token has already been used once.")
    people.endpoint.skew_s += 30
    code = people.shown(secret)
    assert people.answer(posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    assert refusal(people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code) == USED
    again = refusal(people.answer, people.begin("ann"), "ann", SOFTWARE_TOKEN_MFA_CODE=code)
    assert again[0] == "ExpiredCodeException"


def test_a_clock_may_be_one_step_off_and_no_more(people: People) -> None:
    people.add("ann")
    secret = people.set_up_token("ann")
    people.endpoint.skew_s += 120
    now_s = people.endpoint.now().timestamp()
    posed = people.begin("ann")
    for step in (-2, 2):
        told = refusal(
            people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=totp(secret, now_s + 30 * step)
        )
        assert told == ("CodeMismatchException", "Invalid code received for user")
    code = totp(secret, now_s + 30)
    assert people.answer(posed, "ann", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    earlier = refusal(
        people.answer, people.begin("ann"), "ann", SOFTWARE_TOKEN_MFA_CODE=totp(secret, now_s)
    )
    assert earlier[0] == "ExpiredCodeException"


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\ud800" * 6, " 12345"]
)
def test_what_is_no_code_is_a_wrong_one(people: People, code: str) -> None:
    people.add("ann")
    people.set_up_token("ann")
    told = refusal(people.answer, people.begin("ann"), "ann", SOFTWARE_TOKEN_MFA_CODE=code)
    assert told[0] in (
        "CodeMismatchException",
        "InvalidParameterException",
        "SerializationException",
    )


def test_guessing_is_bounded_within_a_session_and_across(people: People) -> None:
    people.add("ann")
    secret = people.set_up_token("ann")
    told = []
    for _ in range(4):
        posed = people.begin("ann")
        bad = wrong(people.shown(secret))
        told += [
            refusal(people.answer, posed, "ann", SOFTWARE_TOKEN_MFA_CODE=bad) for _ in range(7)
        ]
    assert told[:7] == [("CodeMismatchException", "Invalid code received for user")] * 6 + [USED]
    assert sum(code == "CodeMismatchException" for code, _ in told) == 15
    assert told[-2][0] == "TooManyRequestsException"
    right = people.shown(secret)
    still = refusal(people.answer, people.begin("ann"), "ann", SOFTWARE_TOKEN_MFA_CODE=right)
    assert still[0] == "TooManyRequestsException"
    people.endpoint.skew_s += 3_600
    right = people.shown(secret)
    posed = people.begin("ann")
    assert people.answer(posed, "ann", SOFTWARE_TOKEN_MFA_CODE=right)["AuthenticationResult"]


def test_codes_by_sms_and_mail_go_out_and_come_back(people: People, post: Post) -> None:
    people.add_known("ann")
    for member, name, given in (
        ("SMSMfaSettings", "SMS_MFA", "SMS_MFA_CODE"),
        ("EmailMfaSettings", "EMAIL_OTP", "EMAIL_OTP_CODE"),
    ):
        people.prefer("ann", **{member: {"Enabled": True, "PreferredMfa": True}})
        posed = people.begin("ann")
        assert posed["ChallengeName"] == name
        message, code = post.sent[-1], post.code
        assert len(code) == 6
        told = posed["ChallengeParameters"]
        if name == "SMS_MFA":
            assert told == {
                "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
                "USER_ID_FOR_SRP": "ann",
                "CODE_DELIVERY_DESTINATION": "+*******0123",
            }
            assert (message.medium, message.destination) == ("SMS", "+15555550123")
        else:
            assert told["CODE_DELIVERY_DESTINATION"] == "a***@e***"
            assert (message.subject, message.body) == ("Now", f"Use {code} now")
        assert refusal(people.answer, posed, "ann", **{given: wrong(code)}) == MISMATCH
        assert people.answer(posed, "ann", **{given: code})["AuthenticationResult"]
        assert refusal(people.answer, posed, "ann", **{given: code}) == USED
        assert refusal(people.answer, people.begin("ann"), "ann", **{given: code}) == MISMATCH


def test_a_code_is_good_for_its_user_session_and_address_alone(people: People, post: Post) -> None:
    for name in ("ann", "eve"):
        people.add_known(name)
        people.prefer(name, EmailMfaSettings={"Enabled": True})
    hers = people.begin("ann")
    code = post.code
    others = people.begin("eve")
    assert refusal(people.answer, others, "eve", EMAIL_OTP_CODE=code) == MISMATCH
    told = refusal(people.answer, hers, "eve", EMAIL_OTP_CODE=code)
    assert told == ("NotAuthorizedException", "Invalid session for the user.")
    hers = people.begin("ann")
    code = post.code
    people.idp.admin_update_user_attributes(
        UserPoolId=people.id,
        Username="ann",
        UserAttributes=[
            {"Name": "email", "Value": "other@example.org"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    assert refusal(people.answer, hers, "ann", EMAIL_OTP_CODE=code) == MISMATCH
    hers = people.begin("ann")
    people.idp.admin_disable_user(UserPoolId=people.id, Username="ann")
    told = refusal(people.answer, hers, "ann", EMAIL_OTP_CODE=post.code)
    assert told == ("NotAuthorizedException", "User is disabled.")


def test_sendings_are_bounded(people: People, post: Post) -> None:
    people.add_known("ann")
    people.prefer("ann", EmailMfaSettings={"Enabled": True})
    before = len(post.sent)
    for _ in range(20):
        people.begin("ann")
    assert refusal(people.begin, "ann")[0] == "TooManyRequestsException"
    assert len(post.sent) - before == 20


def test_among_several_the_user_chooses(people: People, post: Post) -> None:
    people.add_known("ann")
    secret = people.set_up_token("ann")
    people.prefer(
        "ann",
        SoftwareTokenMfaSettings={"Enabled": True},
        SMSMfaSettings={"Enabled": True},
        EmailMfaSettings={"Enabled": True},
    )
    # the preferred one is forgotten as it is said again without
    posed = people.begin("ann")
    assert posed["ChallengeName"] == "SELECT_MFA_TYPE"
    kinds = ["SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]
    assert json.loads(posed["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == kinds
    assert refusal(people.answer, posed, "ann", ANSWER="NONE")[0] == "InvalidParameterException"
    next_one = people.answer(posed, "ann", ANSWER="EMAIL_MFA")
    assert next_one["ChallengeName"] == "EMAIL_OTP"
    assert people.answer(next_one, "ann", EMAIL_OTP_CODE=post.code)["AuthenticationResult"]
    next_one = people.answer(people.begin("ann"), "ann", ANSWER="SOFTWARE_TOKEN_MFA")
    code = people.shown(secret)
    assert people.answer(next_one, "ann", SOFTWARE_TOKEN_MFA_CODE=code)["AuthenticationResult"]
    posed = people.begin("ann")
    people.prefer("ann", SMSMfaSettings={"Enabled": False})
    assert refusal(people.answer, posed, "ann", ANSWER="SMS_MFA")[0] == "InvalidParameterException"


def test_where_mfa_is_on_who_has_none_sets_one_up(endpoint: Endpoint) -> None:
    people = People(endpoint, "ON", "totp")
    people.add("ann", None)
    posed = people.answer(people.begin("ann", FIRST), "ann", NEW_PASSWORD=PASSWORD)
    assert posed["ChallengeName"] == "MFA_SETUP"
    shown = {"MFAS_CAN_SETUP": '["SOFTWARE_TOKEN_MFA"]', "USER_ID_FOR_SRP": "ann"}
    assert posed["ChallengeParameters"] == shown
    assert refusal(people.answer, posed, "ann")[0] == "InvalidParameterException"
    idp = people.idp
    told = refusal(idp.verify_software_token, Session=posed["Session"], UserCode="123456")
    assert told == ("NotAuthorizedException", "Invalid session for the user.")
    posed = people.begin("ann")
    given = idp.associate_software_token(Session=posed["Session"])
    assert refusal(idp.associate_software_token, Session=posed["Session"]) == USED
    secret, session = given["SecretCode"], given["Session"]
    skipped = posed | {"Session": session}
    late = idp.associate_software_token(Session=people.begin("ann")["Session"])
    code = people.shown(secret)
    for _ in range(2):
        told = refusal(idp.verify_software_token, Session=session, UserCode=wrong(code))
        assert told == ("EnableSoftwareTokenMFAException", "Code mismatch")
    verified = idp.verify_software_token(Session=session, UserCode=code)
    assert refusal(people.answer, skipped, "ann") == USED
    done = people.answer(posed | {"Session": verified["Session"]}, "ann")
    token = done["AuthenticationResult"]["AccessToken"]
    assert idp.get_user(AccessToken=token)["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    # another who knew the password began to set up a token of theirs: too late
    theirs = people.shown(late["SecretCode"])
    told = refusal(idp.verify_software_token, Session=late["Session"], UserCode=theirs)
    assert told == ("NotAuthorizedException", "Invalid session for the user.")
    assert people.begin("ann")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_who_turns_a_factor_off_where_mfa_is_on_is_asked_for_it_still(endpoint: Endpoint) -> None:
    people = People(endpoint, "OPTIONAL", "totp")
    people.add("ann")
    people.set_up_token("ann")
    people.offer("ON")
    people.prefer("ann", SoftwareTokenMfaSettings={"Enabled": False})
    assert people.begin("ann")["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_factor_that_cannot_be_used_is_not_passed_over(people: People) -> None:
    people.add_known("ann")
    people.prefer("ann", EmailMfaSettings={"Enabled": True})
    people.idp.admin_delete_user_attributes(
        UserPoolId=people.id, Username="ann", UserAttributeNames=["email"]
    )
    assert refusal(people.begin, "ann")[0] == "MFAMethodNotFoundException"
    people.offer("OFF")
    assert people.begin("ann")["AuthenticationResult"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"SoftwareTokenMfaSettings": {"Enabled": True}},
            "User has not verified software token mfa",
        ),
        (
            {"SMSMfaSettings": {"Enabled": True}},
            "User does not have delivery config set to turn on SMS_MFA",
        ),
        (
            {"EmailMfaSettings": {"Enabled": False, "PreferredMfa": True}},
            "EMAIL_OTP cannot be preferred without being enabled.",
        ),
    ],
)
def test_only_what_can_be_used_is_chosen(people: People, given: object, message: str) -> None:
    people.add("ann", email="ann@example.org")
    told = refusal(people.prefer, "ann", **given)  # type: ignore[arg-type]
    assert told == ("InvalidParameterException", message)


def test_only_what_the_pool_offers_is_chosen_or_set_up(endpoint: Endpoint) -> None:
    people = People(endpoint, "OPTIONAL", "email")
    people.add_known("ann")
    told = refusal(people.prefer, "ann", SMSMfaSettings={"Enabled": True})
    assert told == ("InvalidParameterException", "SMS_MFA is not enabled for the user pool.")
    told = refusal(people.idp.associate_software_token, AccessToken=people.token("ann"))
    assert told == (
        "SoftwareTokenMFANotFoundException",
        "Software Token MFA has not been enabled by the userPool",
    )
    two = {"Enabled": True, "PreferredMfa": True}
    people = People(endpoint)
    people.add_known("ann")
    told = refusal(people.prefer, "ann", SMSMfaSettings=two, EmailMfaSettings=two)
    assert told == ("InvalidParameterException", "Only one MFA method can be preferred.")


def test_the_older_settings_turn_sms_on_and_off(people: People) -> None:
    people.add_known("ann")
    token = people.token("ann")
    option = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
    people.idp.set_user_settings(AccessToken=token, MFAOptions=[option])
    user = people.idp.get_user(AccessToken=token)
    assert (user["MFAOptions"], user["UserMFASettingList"]) == ([option], ["SMS_MFA"])
    assert people.begin("ann")["ChallengeName"] == "SMS_MFA"
    people.idp.admin_set_user_settings(UserPoolId=people.id, Username="ann", MFAOptions=[])
    assert people.begin("ann")["AuthenticationResult"]
    mail = {"DeliveryMedium": "EMAIL", "AttributeName": "email"}
    told = refusal(people.idp.set_user_settings, AccessToken=token, MFAOptions=[mail])
    assert told[0] == "InvalidParameterException"


def test_without_a_way_to_send_nobody_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with_post(monkeypatch, None)
    with Endpoint() as endpoint:
        people = People(endpoint)
        people.add_known("ann")
        people.prefer("ann", EmailMfaSettings={"Enabled": True})
        assert refusal(people.begin, "ann")[0] == "CodeDeliveryFailureException"
