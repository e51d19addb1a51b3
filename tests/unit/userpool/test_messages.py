"""Texts that carry codes: AWS's own, the pool's, and what is filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.endpoint import Endpoint

PASSWORD, FIRST = "Right-password-1", "Temporary-<1>&"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


class People:
    def __init__(self, endpoint: Endpoint, **pool: Any) -> None:
        self.endpoint, self.idp = endpoint, endpoint.client("cognito-idp")
        self.id = self.idp.create_user_pool(PoolName="p", **pool)["UserPool"]["Id"]
        made = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        self.client = made["UserPoolClient"]["ClientId"]

    def sign_up(self, name: str, /, **attributes: str) -> tuple[str, str]:
        given = [{"Name": key, "Value": value} for key, value in attributes.items()]
        self.idp.sign_up(
            ClientId=self.client, Username=name, Password=PASSWORD, UserAttributes=given
        )
        return self.last()

    def invite(self, name: str, medium: str, /, **attributes: str) -> tuple[str, str]:
        self.idp.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=FIRST,
            DesiredDeliveryMediums=[medium],
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        return self.last()

    def last(self) -> tuple[str, str]:
        """Give subject and text of the last message, digits of codes as #."""
        sent = list(self.endpoint.delivery.outbox.after())[-1]
        return sent.subject, re.sub(r"\b[0-9]{6}\b", "######", sent.body)


MAIL, PHONE = {"email": "a@example.org"}, {"phone_number": "+15550001234"}


def test_texts_of_a_pool_that_has_none_of_its_own(endpoint: Endpoint) -> None:
    people = People(endpoint, AutoVerifiedAttributes=["email", "phone_number"])
    told = people.sign_up("ann", **MAIL)
    assert told == ("Your verification code", "Your verification code is ######.")
    assert people.sign_up("ben", **PHONE) == ("", "Your verification code is ######.")
    invited = people.invite("cat", "SMS", **PHONE)
    assert invited == ("", f"Your username is cat and temporary password is {FIRST}.")
    invited = people.invite("dan", "EMAIL", **MAIL)
    shown = "Temporary-&lt;1&gt;&amp;"
    text = f"Your username is dan and temporary password is {shown}."
    assert invited == ("Your temporary password", text)


def test_texts_of_second_factors(endpoint: Endpoint) -> None:
    people = People(endpoint)
    people.idp.set_user_pool_mfa_config(
        UserPoolId=people.id,
        MfaConfiguration="ON",
        SmsMfaConfiguration={"SmsConfiguration": SMS},
    )
    people.invite("ann", "SMS", **PHONE)
    user = {"UserPoolId": people.id, "Username": "ann", "Password": PASSWORD}
    people.idp.admin_set_user_password(**user, Permanent=True)

    def begin() -> tuple[str, str]:
        people.idp.initiate_auth(
            ClientId=people.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": PASSWORD},
        )
        return people.last()

    assert begin() == ("", "Your authentication code is ######.")
    own = {"SmsConfiguration": SMS, "SmsAuthenticationMessage": "In with {####}!"}
    people.idp.set_user_pool_mfa_config(
        UserPoolId=people.id, MfaConfiguration="ON", SmsMfaConfiguration=own
    )
    assert begin() == ("", "In with ######!")


def test_texts_of_the_pool_are_filled_in_and_names_are_never_text(endpoint: Endpoint) -> None:
    invite = {
        "EmailMessage": "<b>{username}</b>: {####} {####} {##not a link##}",
        "EmailSubject": "Come in",
        "SMSMessage": "{username} has no place for it",
    }
    people = People(
        endpoint,
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig={"InviteMessageTemplate": invite},
        VerificationMessageTemplate={
            "EmailMessage": "Dear {username}, {####} {##no link##}",
            "EmailSubject": "Hello",
        },
    )
    name = "{####}<i>{username}"
    told = people.sign_up(name, **MAIL)
    shown = "{####}&lt;i&gt;{username}"
    assert told[0] == "Hello"
    assert re.fullmatch(rf'Dear {re.escape(shown)}, ###### <a href="[^"]+">no link</a>', told[1])
    subject, text = people.invite("{####}x", "EMAIL", **MAIL)
    password = "Temporary-&lt;1&gt;&amp;"
    assert subject == "Come in"
    assert text == f"<b>{{####}}x</b>: {password} {password} {{##not a link##}}"
    # What would leave the password out is passed over.
    told = people.invite("eve", "SMS", **PHONE)
    assert told == ("", f"Your username is eve and temporary password is {FIRST}.")
