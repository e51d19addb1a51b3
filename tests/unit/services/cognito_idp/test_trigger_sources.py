"""Every trigger source of AWS's table, by what a user does: when it comes, and its event to the letter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from tests.endpoint import Endpoint

from bargate.model.invocation import Invocation, Outcome, Returned
from device_client import DeviceClient
from srp_client import SrpClient

PASSWORD, FIRST, OTHER = "Right-password-1", "Temporary-1", "Another-password-2"
ARN = "arn:aws:lambda:us-east-1:111111111111:function:f"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
TRIGGERS = ("PreSignUp", "PostConfirmation", "PreTokenGeneration", "CustomMessage")
NOBODY = "CLIENT_ID_NOT_APPLICABLE"
TEXTS = {"smsMessage": None, "emailMessage": None, "emailSubject": None}
CODE = {"codeParameter": "{####}", "linkParameter": "{##Click Here##}", "usernameParameter": None}
GROUPS = {"groupsToOverride": [], "iamRolesToOverride": [], "preferredRole": None}
CLAIMS = {"claimsOverrideDetails": None}
Event = dict[str, Any]


class Recorder:
    """Stands for the functions host: every function gives its event back."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.queued: list[Event] = []

    async def __call__(self, invocation: Invocation) -> Outcome:
        event = json.loads(invocation.payload)
        (self.queued if invocation.is_event else self.events).append(event)
        return Returned(payload=invocation.payload, version="1")

    def take(self, source: str) -> Event:
        """Give the one event of a source, and forget all."""
        found = [each for each in self.events if each["triggerSource"] == source]
        assert len(found) == 1, [each["triggerSource"] for each in self.events]
        self.events.clear()
        return found[0]


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def endpoint(recorder: Recorder) -> Iterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.functions = recorder  # type: ignore[assignment]
    with endpoint:
        yield endpoint


class People:
    def __init__(self, endpoint: Endpoint, *triggers: str, **pool: Any) -> None:
        self.idp = endpoint.client("cognito-idp")
        config = dict.fromkeys(triggers, ARN) | pool.pop("config", {})
        given = {"AutoVerifiedAttributes": ["email"], **pool}
        made = self.idp.create_user_pool(PoolName="p", LambdaConfig=config, **given)
        self.id = made["UserPool"]["Id"]
        app = self.idp.create_user_pool_client(
            UserPoolId=self.id, ClientName="c", ExplicitAuthFlows=FLOWS
        )
        self.client = app["UserPoolClient"]["ClientId"]

    def event(self, source: str, name: str, client: str, asked: Event, answer: Event) -> Event:
        """Write an event as AWS writes it."""
        return {
            "version": "1",
            "triggerSource": source,
            "region": "us-east-1",
            "userPoolId": self.id,
            "userName": name,
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client},
            "request": asked,
            "response": answer,
        }

    def sub(self, name: str) -> str:
        found = self.idp.admin_get_user(UserPoolId=self.id, Username=name)["UserAttributes"]
        return next(str(each["Value"]) for each in found if each["Name"] == "sub")

    def attributes(self, name: str, status: str, **more: str) -> dict[str, str]:
        return {"sub": self.sub(name), "cognito:user_status": status, **more}

    def sign_up(self, name: str, **more: Any) -> None:
        self.idp.sign_up(
            ClientId=self.client,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": f"{name}@example.org"}],
            **more,
        )

    def add(self, name: str, **attributes: str) -> None:
        self.idp.admin_create_user(
            UserPoolId=self.id,
            Username=name,
            TemporaryPassword=FIRST,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
        self.idp.admin_set_user_password(
            UserPoolId=self.id, Username=name, Password=PASSWORD, Permanent=True
        )

    def begin(self, name: str, password: str = PASSWORD) -> Any:
        return self.idp.initiate_auth(
            ClientId=self.client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )

    def token(self, name: str) -> str:
        return str(self.begin(name)["AuthenticationResult"]["AccessToken"])

    def answer(self, name: str, session: str | None = None, **responses: str) -> Any:
        more = {"Session": session} if session is not None else {}
        return self.idp.respond_to_auth_challenge(
            ClientId=self.client, ChallengeName=name, ChallengeResponses=responses, **more
        )


@pytest.fixture(scope="module")
def people(endpoint: Endpoint) -> People:
    return People(endpoint, *TRIGGERS)


@pytest.fixture(autouse=True)
def silence(recorder: Recorder) -> None:
    recorder.events.clear()
    recorder.queued.clear()


def test_pre_sign_up_and_custom_message_of_a_sign_up(people: People, recorder: Recorder) -> None:
    data = [{"Name": "from", "Value": "web"}]
    people.sign_up("ann", ValidationData=data, ClientMetadata={"k": "v"})
    first, second = recorder.events
    mail = {"email": "ann@example.org"}
    assert first == people.event(
        "PreSignUp_SignUp",
        "ann",
        people.client,
        {"userAttributes": mail, "validationData": {"from": "web"}, "clientMetadata": {"k": "v"}},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    )
    seen = people.attributes("ann", "UNCONFIRMED", **mail)
    assert second == people.event(
        "CustomMessage_SignUp",
        "ann",
        people.client,
        {"userAttributes": seen, **CODE, "clientMetadata": {"k": "v"}},
        TEXTS,
    )


def test_custom_message_of_another_code_and_post_confirmation(
    endpoint: Endpoint, people: People, recorder: Recorder
) -> None:
    people.sign_up("ben")
    recorder.events.clear()
    people.idp.resend_confirmation_code(ClientId=people.client, Username="ben")
    mail = {"email": "ben@example.org"}
    seen = people.attributes("ben", "UNCONFIRMED", **mail)
    assert recorder.take("CustomMessage_ResendCode") == people.event(
        "CustomMessage_ResendCode", "ben", people.client, {"userAttributes": seen, **CODE}, TEXTS
    )
    people.idp.confirm_sign_up(
        ClientId=people.client,
        Username="ben",
        ConfirmationCode=endpoint.code_to("ben@example.org"),
        ClientMetadata={"k": "v"},
    )
    seen = people.attributes("ben", "CONFIRMED", **mail, email_verified="true")
    source = "PostConfirmation_ConfirmSignUp"
    asked = {"userAttributes": seen, "clientMetadata": {"k": "v"}}
    assert recorder.take(source) == people.event(source, "ben", people.client, asked, {})


def test_an_administrator_confirms(people: People, recorder: Recorder) -> None:
    people.sign_up("bea")
    recorder.events.clear()
    people.idp.admin_confirm_sign_up(UserPoolId=people.id, Username="bea")
    source = "PostConfirmation_ConfirmSignUp"
    seen = people.attributes("bea", "CONFIRMED", email="bea@example.org")
    asked = {"userAttributes": seen}
    assert recorder.take(source) == people.event(source, "bea", NOBODY, asked, {})


def test_a_forgotten_password(endpoint: Endpoint, people: People, recorder: Recorder) -> None:
    mail = {"email": "cat@example.org", "email_verified": "true"}
    people.add("cat", **mail)
    recorder.events.clear()
    people.idp.forgot_password(ClientId=people.client, Username="cat", ClientMetadata={"k": "v"})
    seen = people.attributes("cat", "CONFIRMED", **mail)
    asked = {"userAttributes": seen, **CODE, "clientMetadata": {"k": "v"}}
    source = "CustomMessage_ForgotPassword"
    assert recorder.take(source) == people.event(source, "cat", people.client, asked, TEXTS)
    people.idp.confirm_forgot_password(
        ClientId=people.client,
        Username="cat",
        ConfirmationCode=endpoint.code_to("cat@example.org"),
        Password=OTHER,
    )
    source = "PostConfirmation_ConfirmForgotPassword"
    asked = {"userAttributes": seen}
    assert recorder.take(source) == people.event(source, "cat", people.client, asked, {})


def test_users_whom_administrators_make(people: People, recorder: Recorder) -> None:
    mail = {"email": "dan@example.org"}
    people.idp.admin_create_user(
        UserPoolId=people.id,
        Username="dan",
        TemporaryPassword=FIRST,
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": mail["email"]}],
        ValidationData=[{"Name": "from", "Value": "desk"}],
        ClientMetadata={"k": "v"},
    )
    first, second = recorder.events
    assert first["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert first["callerContext"]["clientId"] == NOBODY
    assert first["request"] == {
        "userAttributes": {"sub": people.sub("dan"), **mail},
        "validationData": {"from": "desk"},
        "clientMetadata": {"k": "v"},
    }
    seen = people.attributes("dan", "FORCE_CHANGE_PASSWORD", **mail)
    asked = {"userAttributes": seen, **CODE, "usernameParameter": "{username}"}
    source = "CustomMessage_AdminCreateUser"
    assert second == people.event(source, "dan", NOBODY, asked, TEXTS)


def test_tokens_after_a_new_password(people: People, recorder: Recorder) -> None:
    people.idp.admin_create_user(
        UserPoolId=people.id, Username="eve", TemporaryPassword=FIRST, MessageAction="SUPPRESS"
    )
    recorder.events.clear()
    posed = people.begin("eve", FIRST)
    people.answer("NEW_PASSWORD_REQUIRED", posed["Session"], USERNAME="eve", NEW_PASSWORD=PASSWORD)
    source = "TokenGeneration_NewPasswordChallenge"
    seen = people.attributes("eve", "CONFIRMED")
    asked = {"userAttributes": seen, "groupConfiguration": GROUPS}
    assert recorder.take(source) == people.event(source, "eve", people.client, asked, CLAIMS)


def test_tokens_of_a_refresh_and_of_groups(people: People, recorder: Recorder) -> None:
    people.add("fay")
    role = "arn:aws:iam::111111111111:role/r"
    people.idp.create_group(UserPoolId=people.id, GroupName="g", RoleArn=role, Precedence=1)
    people.idp.admin_add_user_to_group(UserPoolId=people.id, Username="fay", GroupName="g")
    begun = people.begin("fay")["AuthenticationResult"]
    recorder.events.clear()
    people.idp.initiate_auth(
        ClientId=people.client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": begun["RefreshToken"]},
    )
    source = "TokenGeneration_RefreshTokens"
    groups = {"groupsToOverride": ["g"], "iamRolesToOverride": [role], "preferredRole": role}
    asked = {"userAttributes": people.attributes("fay", "CONFIRMED"), "groupConfiguration": groups}
    assert recorder.take(source) == people.event(source, "fay", people.client, asked, CLAIMS)


def test_tokens_of_a_device(endpoint: Endpoint, recorder: Recorder) -> None:
    devices = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}
    people = People(endpoint, *TRIGGERS, "PostAuthentication", DeviceConfiguration=devices)
    people.add("gus")

    def begin(**more: str) -> Any:
        srp = SrpClient(people.id, PASSWORD)
        posed = people.idp.initiate_auth(
            ClientId=people.client,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": "gus", "SRP_A": srp.srp_a, **more},
        )
        answered = srp.responses(posed["ChallengeParameters"])
        return people.answer("PASSWORD_VERIFIER", **answered, **more)

    recorder.events.clear()
    result = begin()["AuthenticationResult"]
    assert recorder.take("PostAuthentication_Authentication")["request"]["newDeviceUsed"] is True
    device = DeviceClient.of(result)
    people.idp.confirm_device(
        AccessToken=result["AccessToken"],
        DeviceKey=device.key,
        DeviceSecretVerifierConfig=device.config(),
    )
    session, srp = begin(DEVICE_KEY=device.key)["Session"], device.srp()
    posed = people.answer(
        "DEVICE_SRP_AUTH", session, USERNAME="gus", DEVICE_KEY=device.key, SRP_A=srp.srp_a
    )
    recorder.events.clear()
    people.answer("DEVICE_PASSWORD_VERIFIER", **device.responses(srp, posed["ChallengeParameters"]))
    assert recorder.events[0]["request"]["newDeviceUsed"] is False
    source = "TokenGeneration_AuthenticateDevice"
    asked = {"userAttributes": people.attributes("gus", "CONFIRMED"), "groupConfiguration": GROUPS}
    assert recorder.take(source) == people.event(source, "gus", people.client, asked, CLAIMS)


def test_custom_message_of_ones_own_addresses(people: People, recorder: Recorder) -> None:
    people.add("hal", email="hal@example.org", email_verified="true")
    token = people.token("hal")
    recorder.events.clear()
    people.idp.get_user_attribute_verification_code(
        AccessToken=token, AttributeName="email", ClientMetadata={"k": "v"}
    )
    seen = people.attributes("hal", "CONFIRMED", email="hal@example.org", email_verified="true")
    asked = {"userAttributes": seen, **CODE, "clientMetadata": {"k": "v"}}
    source = "CustomMessage_VerifyUserAttribute"
    assert recorder.take(source) == people.event(source, "hal", people.client, asked, TEXTS)
    changed = [{"Name": "email", "Value": "new@example.org"}]
    people.idp.update_user_attributes(AccessToken=token, UserAttributes=changed)
    seen = seen | {"email": "new@example.org", "email_verified": "false"}
    source = "CustomMessage_UpdateUserAttribute"
    asked = {"userAttributes": seen, **CODE}
    assert recorder.take(source) == people.event(source, "hal", people.client, asked, TEXTS)
    changed = [{"Name": "email", "Value": "last@example.org"}]
    people.idp.admin_update_user_attributes(
        UserPoolId=people.id, Username="hal", UserAttributes=changed
    )
    assert recorder.take(source)["callerContext"]["clientId"] == NOBODY


def test_custom_message_of_a_second_factor(endpoint: Endpoint, recorder: Recorder) -> None:
    people = People(endpoint, "CustomMessage")
    people.idp.set_user_pool_mfa_config(
        UserPoolId=people.id,
        SmsMfaConfiguration={"SmsConfiguration": SMS},
        MfaConfiguration="ON",
    )
    phone = {"phone_number": "+15550004321", "phone_number_verified": "true"}
    people.add("ian", **phone)
    recorder.events.clear()
    assert people.begin("ian")["ChallengeName"] == "SMS_MFA"
    source = "CustomMessage_Authentication"
    asked = {"userAttributes": people.attributes("ian", "CONFIRMED", **phone), **CODE}
    assert recorder.take(source) == people.event(source, "ian", people.client, asked, TEXTS)


@pytest.mark.parametrize("medium", ["Email", "SMS"])
def test_custom_senders_of_every_purpose(recorder: Recorder, medium: str) -> None:
    sender = f"Custom{medium}Sender"
    config = {
        sender: {"LambdaArn": ARN, "LambdaVersion": "V1_0"},
        "KMSKeyID": "arn:aws:kms:us-east-1:111111111111:key/k",
    }
    attribute, value, new = (
        ("email", "a@example.org", "b@example.org")
        if medium == "Email"
        else ("phone_number", "+15550001234", "+15550005678")
    )
    endpoint = Endpoint()
    endpoint.functions = recorder  # type: ignore[assignment]
    settings = endpoint.settings
    endpoint.settings = replace(settings, pools=replace(settings.pools, sender_codes="clear"))
    with endpoint:
        people = People(endpoint, config=config, AutoVerifiedAttributes=[attribute])
        idp, of_client = people.idp, {"ClientId": people.client, "Username": "ann"}
        given = [{"Name": attribute, "Value": value}]
        idp.sign_up(**of_client, Password=PASSWORD, UserAttributes=given)
        idp.resend_confirmation_code(**of_client)
        code = recorder.queued[-1]["request"]["code"]
        idp.confirm_sign_up(**of_client, ConfirmationCode=code)
        idp.forgot_password(**of_client)
        token = people.token("ann")
        idp.get_user_attribute_verification_code(AccessToken=token, AttributeName=attribute)
        changed = [{"Name": attribute, "Value": new}]
        idp.update_user_attributes(AccessToken=token, UserAttributes=changed)
        idp.admin_create_user(
            UserPoolId=people.id,
            Username="new",
            DesiredDeliveryMediums=[medium.upper()],
            UserAttributes=[{"Name": attribute, "Value": value}],
        )
        factor = (
            {"EmailMfaConfiguration": {"Message": "{####} is it", "Subject": "s"}}
            if medium == "Email"
            else {"SmsMfaConfiguration": {"SmsConfiguration": SMS}}
        )
        idp.set_user_pool_mfa_config(UserPoolId=people.id, MfaConfiguration="ON", **factor)
        people.begin("ann")
        assert list(endpoint.delivery.outbox.after()) == []
    told = [each["triggerSource"].removeprefix(f"{sender}_") for each in recorder.queued]
    assert told == [
        "SignUp",
        "ResendCode",
        "ForgotPassword",
        "VerifyUserAttribute",
        "UpdateUserAttribute",
        "AdminCreateUser",
        "Authentication",
    ]
    kinds = {each["request"]["type"] for each in recorder.queued}
    assert kinds == {f"custom{medium}SenderRequestV1"}
    assert recorder.queued[4]["request"]["userAttributes"][attribute] == new
