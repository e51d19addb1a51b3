from __future__ import annotations

import json
import re
from typing import Any

import pytest

from e2e.control.installation import Running
from e2e.userpools.directory import FLOWS, Directory, refusal
from serving import bargate as run_bargate
from totp_client import wrong

MISMATCH = ("CodeMismatchException", "Invalid code or auth state for the user.")
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
ADDRESSES = {
    "email_verified": "true",
    "phone_number": "+15555550123",
    "phone_number_verified": "true",
}


@pytest.fixture(scope="module")
def people(bargate: Running) -> Directory:
    client = {
        "ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_AUTH"],
        "PreventUserExistenceErrors": "ENABLED",
    }
    factors = {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}
    directory = Directory.of(bargate, client, Policies={"SignInPolicy": factors})
    directory.admin.set_user_pool_mfa_config(
        UserPoolId=directory.id,
        SmsMfaConfiguration={
            "SmsConfiguration": SMS,
            "SmsAuthenticationMessage": "{####} lets you in",
        },
        EmailMfaConfiguration={},
        MfaConfiguration="OPTIONAL",
    )
    return directory


def sent(bargate: Running, people: Directory) -> list[dict[str, Any]]:
    """Give what was sent to users of the pool, as a developer reads it."""
    port = str(bargate.endpoint_port)
    shown = run_bargate(
        "outbox", "--json", "--pool", people.id, "--api-port", port, run_dir=bargate.gateway.run_dir
    )
    assert shown.returncode == 0, shown.stderr
    return [json.loads(line) for line in shown.stdout.splitlines()]


def code_in(message: dict[str, Any]) -> str:
    found = re.search(r"\d{6,8}", message["body"])
    assert found is not None
    return found[0]


def choose(people: Directory, name: str, preferred: str) -> Any:
    return people.public.initiate_auth(
        ClientId=people.client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": name, "PREFERRED_CHALLENGE": preferred},
    )


def test_a_code_by_mail_signs_in_once(bargate: Running, people: Directory) -> None:
    people.add("mia", email="mia@example.org", **ADDRESSES)
    posed = choose(people, "mia", "EMAIL_OTP")
    message = sent(bargate, people)[-1]
    code, session = code_in(message), posed["Session"]
    assert (message["medium"], message["purpose"]) == ("EMAIL", "Authentication")
    assert message["destination"] == "mia@example.org"
    assert len(code) == 8
    bad = refusal(people.answer, "EMAIL_OTP", session, USERNAME="mia", EMAIL_OTP_CODE=wrong(code))
    assert bad == MISMATCH
    done = people.answer("EMAIL_OTP", session, USERNAME="mia", EMAIL_OTP_CODE=code)
    assert people.user_of(done["AuthenticationResult"]["AccessToken"])["Username"] == "mia"
    used = refusal(people.answer, "EMAIL_OTP", session, USERNAME="mia", EMAIL_OTP_CODE=code)
    assert used[0] == "NotAuthorizedException"
    session = choose(people, "mia", "EMAIL_OTP")["Session"]
    again = refusal(people.answer, "EMAIL_OTP", session, USERNAME="mia", EMAIL_OTP_CODE=code)
    assert again == MISMATCH


def test_a_code_by_sms_is_a_second_factor(bargate: Running, people: Directory) -> None:
    people.add("sam", email="sam@example.org", **ADDRESSES)
    people.admin.admin_set_user_mfa_preference(
        UserPoolId=people.id,
        Username="sam",
        SMSMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    posed = people.begin("sam")
    assert posed["ChallengeName"] == "SMS_MFA"
    assert posed["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+*******0123"
    message = sent(bargate, people)[-1]
    code = code_in(message)
    assert message["body"] == f"{code} lets you in"
    assert len(code) == 6
    done = people.answer("SMS_MFA", posed["Session"], USERNAME="sam", SMS_MFA_CODE=code)
    assert done["AuthenticationResult"]
    assert choose(people, "sam", "SMS_OTP")["ChallengeName"] == "SELECT_CHALLENGE"


def test_nobody_is_sent_a_code_for_who_does_not_exist(bargate: Running, people: Directory) -> None:
    before = len(sent(bargate, people))
    posed = choose(people, "nobody@example.org", "EMAIL_OTP")
    assert posed["ChallengeName"] == "EMAIL_OTP"
    told = posed["ChallengeParameters"]
    assert told["CODE_DELIVERY_DESTINATION"] == "n***@e***"
    assert len(sent(bargate, people)) == before
    told = [
        refusal(
            people.answer,
            "EMAIL_OTP",
            posed["Session"],
            USERNAME="nobody@example.org",
            EMAIL_OTP_CODE=f"{number:08d}",
        )
        for number in range(7)
    ]
    assert told[:6] == [MISMATCH] * 6
    assert told[6][0] == "NotAuthorizedException"
